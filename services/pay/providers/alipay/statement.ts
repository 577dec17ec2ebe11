import { unzipSync } from "fflate";
import { MAX_STATEMENT_BYTES } from "../../limits.ts";
import {
  beijingTime,
  type Cells,
  cellsOf,
  checkTotal,
  fenOf,
  joinFreeText,
  StatementFault,
  type StatementRow,
  sumOf,
} from "../statement.ts";

// The trade bill of alipay.data.dataservice.bill.downloadurl.query: a zip of two GBK files, whose
// names are GBK as well. The details have lines that begin with `#`, a header, and rows. Text cells
// end with a TAB and may hold commas; times and amounts do neither.

const DETAILS = "业务明细.csv";
const END = "业务明细列表结束";
/** The lines of sums at the end, and the rows that each adds up. */
const SUMS = [
  ["#交易合计", "payment"],
  ["#退款合计", "refund"],
] as const;
const FREE_TEXT = "商品名称";
const FIRST_COLUMN = "支付宝交易号";

/** Reads the zip as Alipay sends it, or its details as a file of their own. */
export function readAlipayStatement(file: Uint8Array): StatementRow[] {
  const isZip = Buffer.from(file.subarray(0, 4)).equals(Buffer.from("PK\x03\x04"));
  return rowsOf(gbk(isZip ? unzipDetails(file) : file));
}

function unzipDetails(file: Uint8Array): Uint8Array {
  let size = 0;
  const entries = unpack(() =>
    unzipSync(file, {
      filter: ({ name, originalSize }) => {
        const isWanted = nameOf(name).endsWith(DETAILS);
        if (isWanted) size += originalSize;
        return isWanted && size <= MAX_STATEMENT_BYTES;
      },
    }),
  );
  const [details, ...others] = Object.values(entries);
  if (details && others.length === 0) return details;
  throw new StatementFault(`the zip has not one file …${DETAILS} that can be read`);
}

function unpack<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new StatementFault(`the zip cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** fflate reads the bytes of a name without the UTF-8 flag as Latin-1. */
function nameOf(name: string): string {
  const isText = [...name].some((character) => character > "\u00ff");
  if (isText) return name;
  return new TextDecoder("gb18030").decode(Buffer.from(name, "latin1"));
}

/** GB 18030 contains GBK. A file that was saved again may be UTF-8, with a byte order mark. */
function gbk(bytes: Uint8Array): string {
  const isUtf8 = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return new TextDecoder(isUtf8 ? "utf-8" : "gb18030", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new StatementFault("the statement is not GBK text", { cause });
  }
}

function rowsOf(text: string): StatementRow[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line, place: `line ${index + 1}` }));
  const end = lines.findIndex(({ line }) => line.startsWith("#") && line.includes(END));
  const start = lines.findIndex(({ line }) => line.startsWith(FIRST_COLUMN));
  if (start < 0 || end < start) {
    throw new StatementFault(`the statement is not complete: it has no rows up to ${END}`);
  }
  const header = (lines[start]?.line ?? "").split(",").map((cell) => cell.trim());
  const rows = lines
    .slice(start + 1, end)
    .map(({ line, place }) => rowOf(cellsOf(header, split(line, header), place), place));
  const footer = lines.slice(end + 1).map(({ line }) => line);
  for (const [name, kind] of SUMS) {
    checkFooter(
      footer,
      name,
      rows.filter(({ row }) => row.kind === kind),
    );
  }
  return rows.map(({ row }) => row);
}

/** A text cell goes on to the piece that ends with a TAB. Without TABs one column has the rest. */
function split(line: string, header: readonly string[]): readonly string[] {
  const pieces = line.split(",");
  const trim = (cells: readonly string[]) => cells.map((cell) => cell.trim());
  if (pieces.length <= header.length) return trim(pieces);
  if (!line.includes("\t")) {
    return trim(joinFreeText(pieces, { header, column: FREE_TEXT, separator: "," }));
  }
  const cells: string[] = [];
  let open: string | undefined;
  for (const piece of pieces) {
    const cell = open === undefined ? piece : `${open},${piece}`;
    const isText = !/时间$|（元）$/.test(header[cells.length] ?? "");
    open = isText && !cell.endsWith("\t") ? cell : undefined;
    if (open === undefined) cells.push(cell);
  }
  return trim(open === undefined ? cells : [...cells, open]);
}

/** `receivedCents`: the shop's part after its own discounts, which the footer adds up. */
type Row = { row: StatementRow; receivedCents: bigint };

function rowOf(cell: Cells, place: string): Row {
  const type = cell("业务类型");
  const isRefund = type === "退款";
  if (!isRefund && type !== "交易") {
    throw new StatementFault(`${place}: 业务类型 is "${type}", neither 交易 nor 退款`);
  }
  const amount = fenOf(cell("订单金额（元）"), place);
  const isNegative = amount < 0n;
  // Most statements have refunds as negative amounts, some as positive ones.
  if (isNegative && !isRefund) throw new StatementFault(`${place}: a payment is negative`);
  const row: StatementRow = {
    place,
    kind: isRefund ? "refund" : "payment",
    state: "done",
    paymentNumber: cell("商户订单号"),
    tradeId: cell(FIRST_COLUMN),
    refundNumber: isRefund ? cell("退款批次号/请求号") : "",
    reference: "",
    amountCents: isRefund && !isNegative ? -amount : amount,
    currency: "CNY",
    feeCents: -fenOf(cell("服务费（元）"), place),
    feeCurrency: "CNY",
    time: beijingTime(cell("完成时间"), place),
  };
  return { row, receivedCents: fenOf(cell("商家实收（元）"), place) };
}

/** `#交易合计：2笔，商家实收共30.00元，…` and `#退款合计：1笔，商家实收退款共-10.00元，…`. */
function checkFooter(footer: readonly string[], name: string, rows: readonly Row[]): void {
  const line = footer.find((candidate) => candidate.startsWith(name)) ?? "";
  const [, count, sum] = /：(\d+)笔，[^，]*共(-?[\d.]+)元/.exec(line) ?? [];
  if (count === undefined || sum === undefined) {
    throw new StatementFault(`the statement is not complete: it has no line ${name}`);
  }
  checkTotal(`rows of ${name}`, BigInt(count), BigInt(rows.length));
  checkTotal(
    `fen of ${name}`,
    fenOf(sum, name),
    sumOf(rows, ({ receivedCents }) => receivedCents),
  );
}

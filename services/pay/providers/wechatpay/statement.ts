import { gunzipSync } from "node:zlib";
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

// The trade bill of GET /v3/bill/tradebill with bill_type=ALL: UTF-8 with a byte order mark, a
// header, rows whose every value follows a backtick, a header of sums and one row of them.

const FIRST_COLUMN = "交易时间";
const FIRST_SUM = "总交易单数";
const FREE_TEXT = "商品名称";
const SEPARATOR = ",`";

/** Refunds are listed on the day on which WeChat Pay accepted them, with the state at that time. */
const REFUND_STATES: Readonly<Record<string, StatementRow["state"]>> = {
  SUCCESS: "done",
  PROCESSING: "pending",
  // The money waits at WeChat Pay until a person decides.
  ABNORMAL: "pending",
  CHANGE: "pending",
  CLOSED: "void",
  FAIL: "void",
  FAILED: "void",
};

/** Reads the file as it is sent, compressed or not. */
export function readWechatpayStatement(file: Uint8Array): StatementRow[] {
  return rowsOf(utf8(unzipWechatpayStatement(file)));
}

/** The text of a statement that may be compressed; its hash is the text's. */
export function unzipWechatpayStatement(file: Uint8Array): Uint8Array {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file;
  try {
    return gunzipSync(file, { maxOutputLength: MAX_STATEMENT_BYTES });
  } catch (cause) {
    throw new StatementFault(`the gzip file cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function utf8(bytes: Uint8Array): string {
  try {
    // Drops the byte order mark.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new StatementFault("the statement is not UTF-8 text", { cause });
  }
}

function rowsOf(text: string): StatementRow[] {
  const lines = text.split(/\r?\n/);
  const end = lines.findIndex((line) => line.startsWith(FIRST_SUM));
  if (!lines[0]?.startsWith(FIRST_COLUMN) || end < 0 || lines[end + 1] === undefined) {
    throw new StatementFault("the statement is not complete: it has no header or no sums");
  }
  const header = columnsOf(lines[0]);
  const rows = lines.slice(1, end).map((line, index) => {
    const place = `line ${index + 2}`;
    const values = joinFreeText(valuesOf(line, place), {
      header,
      column: FREE_TEXT,
      separator: SEPARATOR,
    });
    return rowOf(cellsOf(header, values, place), place);
  });
  const place = `line ${end + 2}`;
  const sums = cellsOf(columnsOf(lines[end] ?? ""), valuesOf(lines[end + 1] ?? "", place), place);
  const total = (column: string) => fenOf(sums(column), place);
  checkTotal("rows", total(FIRST_SUM) / 100n, BigInt(rows.length));
  const orders = sumOf(rows, ({ orderCents }) => orderCents);
  checkTotal("fen of payments", total("订单总金额"), orders);
  const refunds = sumOf(rows, ({ refundCents }) => refundCents);
  checkTotal("fen of refunds", total("申请退款总金额"), refunds);
  checkTotal(
    "fen of fees",
    total("手续费总金额"),
    sumOf(rows, ({ row }) => row.feeCents),
  );
  return rows.map(({ row }) => row);
}

function columnsOf(line: string): string[] {
  return line.split(",").map((column) => column.trim());
}

function valuesOf(line: string, place: string): string[] {
  if (!line.startsWith("`")) throw new StatementFault(`${place} does not begin with a backtick`);
  return line.slice(1).split(SEPARATOR);
}

type Row = { row: StatementRow; orderCents: bigint; refundCents: bigint };

function rowOf(cell: Cells, place: string): Row {
  const type = cell("交易状态");
  // REVOKED: a payment by card reader that was taken back, in the columns of a refund.
  const isRefund = type === "REFUND" || type === "REVOKED";
  if (!isRefund && type !== "SUCCESS") {
    throw new StatementFault(`${place}: 交易状态 is "${type}", neither SUCCESS nor REFUND`);
  }
  const state = isRefund ? REFUND_STATES[cell("退款状态")] : "done";
  if (!state) throw new StatementFault(`${place}: 退款状态 "${cell("退款状态")}" is unknown`);
  const orderCents = fenOf(cell("订单金额"), place);
  const refundCents = fenOf(cell("申请退款金额"), place);
  const currency = cell("货币种类");
  if (currency !== "CNY") throw new StatementFault(`${place} is in ${currency}, not in CNY`);
  const row: StatementRow = {
    place,
    kind: isRefund ? "refund" : "payment",
    state,
    paymentNumber: cell("商户订单号"),
    tradeId: cell("微信订单号"),
    refundNumber: isRefund ? cell("商户退款单号") : "",
    reference: isRefund ? cell("微信退款单号") : "",
    amountCents: isRefund ? -refundCents : orderCents,
    currency,
    feeCents: fenOf(cell("手续费"), place),
    feeCurrency: currency,
    time: beijingTime(cell(FIRST_COLUMN), place),
  };
  return { row, orderCents, refundCents };
}

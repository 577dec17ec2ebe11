import { gunzipSync, gzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import iconv from "iconv-lite";
import { zip } from "../../../simulators/alipay/zip.ts";

type Kind = "payment" | "refund" | "other";

/** Statements in the form of a provider, taken apart and put together again with sums that fit. */
export type StatementFiles<R = unknown> = {
  rowsOf(file: Uint8Array): R[];
  kindOf(row: R): Kind;
  /** The shop's number in a row: of the payment, or of the refund. */
  numberOf(row: R): string;
  /** The row with one minor unit more. */
  withMore(row: R): R;
  fileOf(rows: R[], file: Uint8Array): Uint8Array;
};

const cents = (text = "") => BigInt(text.replace(".", ""));
const yuan = (fen: bigint) => {
  const digits = String(fen < 0n ? -fen : fen).padStart(3, "0");
  return `${fen < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};
const sum = (amounts: bigint[]) => yuan(amounts.reduce((total, amount) => total + amount, 0n));

/** Cells of the columns: 1 number, 2 kind, 11 amount, 12 what the shop gets, 21 refund number. */
export const ALIPAY: StatementFiles<string[]> = {
  rowsOf(file) {
    const lines = linesOfZip(file);
    return lines.slice(5, endOf(lines)).map((line) => line.split(","));
  },
  kindOf: (row) => (row[2]?.trim() === "退款" ? "refund" : "payment"),
  numberOf: (row) => (ALIPAY.kindOf(row) === "refund" ? row[21] : row[1])?.trim() ?? "",
  withMore: (row) =>
    row.map((cell, at) => (at === 11 || at === 12 ? yuan(cents(cell) + 1n) : cell)),
  fileOf(rows, file) {
    const lines = linesOfZip(file);
    const end = endOf(lines);
    const of = (kind: Kind) => {
      const some = rows.filter((row) => ALIPAY.kindOf(row) === kind);
      return [some.length, sum(some.map((row) => cents(row[12])))];
    };
    const [payments, paid] = of("payment");
    const [refunds, refunded] = of("refund");
    const text = [
      ...lines.slice(0, 5),
      ...rows.map((row) => row.join(",")),
      lines[end],
      `#交易合计：${payments}笔，商家实收共${paid}元，商家优惠共0.00元`,
      `#退款合计：${refunds}笔，商家实收退款共${refunded}元，商家优惠退款共0.00元`,
      ...lines.slice(end + 3),
    ].join("\r\n");
    const name = iconv.encode("2088_20261126_业务明细.csv", "gbk");
    return zip([{ name, content: iconv.encode(text, "gbk") }]);
  },
};

function linesOfZip(file: Uint8Array): string[] {
  const texts = Object.values(unzipSync(file)).map((entry) =>
    iconv.decode(Buffer.from(entry), "gbk"),
  );
  return (texts.find((text) => text.includes("业务明细列表")) ?? "").split("\r\n");
}

function endOf(lines: string[]): number {
  return lines.findIndex((line) => line.includes("业务明细列表结束"));
}

/** Cells of the columns: 6 number, 9 kind, 15 refund number, 22 fee, 24 amount, 25 refund. */
export const WECHATPAY: StatementFiles<string[]> = {
  rowsOf: (file) =>
    textOf(file)
      .slice(1, -3)
      .map((line) => line.slice(1).split(",`")),
  kindOf: (row) => (row[9] === "REFUND" ? "refund" : "payment"),
  numberOf: (row) => (WECHATPAY.kindOf(row) === "refund" ? row[15] : row[6]) ?? "",
  withMore(row) {
    const column = WECHATPAY.kindOf(row) === "refund" ? 25 : 24;
    return row.map((cell, at) => (at === column ? yuan(cents(cell) + 1n) : cell));
  },
  fileOf(rows, file) {
    const [header, sums] = [textOf(file)[0], textOf(file).at(-3)];
    const total = (column: number) => sum(rows.map((row) => cents(row[column])));
    const totals = [
      String(rows.length),
      total(12),
      total(16),
      "0.00",
      total(22),
      total(24),
      total(25),
    ];
    const line = (cells: string[]) => cells.map((cell) => `\`${cell}`).join(",");
    const text = [header, ...rows.map(line), sums, line(totals)].join("\r\n");
    return gzipSync(`${text}\r\n`);
  },
};

/** The lines of a text; the last one is empty. */
function textOf(file: Uint8Array): string[] {
  return gunzipSync(file).toString().split("\r\n");
}

type Transaction = {
  amount: number;
  reporting_category: string;
  source: { id: string; amount: number; metadata: Record<string, string> };
};

export const STRIPE: StatementFiles<Transaction> = {
  rowsOf: (file) => JSON.parse(Buffer.from(file).toString()).data,
  kindOf({ reporting_category: category }) {
    if (category === "refund") return "refund";
    return category === "charge" ? "payment" : "other";
  },
  numberOf({ source: { metadata } }) {
    return metadata.jetshop_refund ?? metadata.jetshop_payment ?? "";
  },
  withMore: (row) => ({ ...row, amount: row.amount + 1 }),
  fileOf: (data) => Buffer.from(JSON.stringify({ object: "list", has_more: false, data })),
};

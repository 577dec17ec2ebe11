import { checkTotal, StatementFault, type StatementRow } from "../statement.ts";

type Fields = Record<string, unknown>;

/** Reads a statement of simulators/sandbox; its README describes the form. */
export function readSandboxStatement(file: Uint8Array): StatementRow[] {
  const { rows, payments, refunds } = parse(file);
  if (!Array.isArray(rows)) throw new StatementFault("the statement has no rows");
  const read = rows.map((row, index) => rowOf(row as Fields, `row ${index + 1}`));
  const count = (wanted: StatementRow["kind"]) =>
    BigInt(read.filter(({ kind }) => kind === wanted).length);
  checkTotal("payments", integerOf(payments, "payments"), count("payment"));
  checkTotal("refunds", integerOf(refunds, "refunds"), count("refund"));
  return read;
}

function parse(file: Uint8Array): Fields {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file));
    if (typeof value === "object" && value !== null) return value as Fields;
  } catch (cause) {
    throw new StatementFault("the statement is not JSON", { cause });
  }
  throw new StatementFault("the statement is not a JSON object");
}

function rowOf(row: Fields, place: string): StatementRow {
  const { type } = row;
  if (type !== "payment" && type !== "refund") {
    throw new StatementFault(`${place} is neither a payment nor a refund`);
  }
  const amount = integerOf(row.amount_cents, `${place}: amount_cents`);
  const currency = textOf(row.currency, `${place}: currency`);
  const time = new Date(textOf(row.time, `${place}: time`));
  if (Number.isNaN(time.getTime())) throw new StatementFault(`${place}: "${row.time}" is no time`);
  return {
    place,
    kind: type,
    state: "done",
    paymentNumber: textOf(row.merchant_trade_id, `${place}: merchant_trade_id`),
    tradeId: textOf(row.trade_id, `${place}: trade_id`),
    refundNumber:
      type === "refund" ? textOf(row.merchant_refund_id, `${place}: merchant_refund_id`) : "",
    reference: "",
    amountCents: type === "refund" ? -amount : amount,
    currency,
    feeCents: 0n,
    feeCurrency: currency,
    time,
  };
}

function integerOf(value: unknown, place: string): bigint {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^\d{1,16}$/.test(text)) return BigInt(text);
  throw new StatementFault(`${place} is not a whole number`);
}

function textOf(value: unknown, place: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new StatementFault(`${place} is missing`);
}

import { formatAmount } from "#platform/values/currencies.ts";
import { parseBeijingTime } from "../beijing.ts";
import { type Fields, minorUnitsOf, tokenOf } from "../fields.ts";

export const CNY = "CNY";
/** Characters of a subject; Alipay allows 256, and links hold it percent-encoded. */
const MAX_SUBJECT = 64;

/** "12.34" for 1234 fen. */
export function yuan(fen: bigint): string {
  return formatAmount(fen, CNY);
}

/** The fen of "12", "12.3" or "12.34"; undefined for any other text. */
export function fenOf(text: unknown): bigint | undefined {
  if (typeof text !== "string") return undefined;
  const [, whole, places = ""] = /^(0|[1-9]\d{0,12})(?:\.(\d{1,2}))?$/.exec(text) ?? [];
  return whole === undefined
    ? undefined
    : minorUnitsOf(`${whole}${places.padEnd(2, "0")}`.replace(/^0+(?=\d)/, ""));
}

/**
 * What the shopper reads. Alipay refuses `/`, `=` and `&`. Without the last two, nothing in a notice
 * is the shop's that could shift where one signed value ends and the next begins.
 */
export function subjectOf(description: string): string {
  const text = description.replaceAll(/[/=&\p{Cc}]/gu, " ").trim();
  return [...text].slice(0, MAX_SUBJECT).join("") || "-";
}

/** A paid trade in the answer to a query or in a notice; undefined if it is malformed. */
export function paidOf(
  fields: Fields,
  payTime: unknown,
): { tradeId: string; amountCents: bigint; currency: string; payTime: Date } | undefined {
  const tradeId = tradeNumberOf(fields);
  // Not what the buyer paid or the shop received: coupons of Alipay make those less.
  const amountCents = fenOf(fields.total_amount);
  const time = parseBeijingTime(payTime);
  if (tradeId === undefined || amountCents === undefined || !time) return undefined;
  return { tradeId, amountCents, currency: CNY, payTime: time };
}

export function tradeNumberOf({ trade_no: number }: Fields): string | undefined {
  return tokenOf(number, 64);
}

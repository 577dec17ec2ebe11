import { type Fields, minorUnitsOf, objectOf, tokenOf } from "../fields.ts";

export const CNY = "CNY";
/** Bytes of a description. */
const MAX_DESCRIPTION = 127;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;

/**
 * What the shopper reads. The API accepts characters of one to three bytes of UTF-8 only, so emoji
 * are left out.
 */
export function descriptionOf(description: string): string {
  const kept = [...description.replaceAll(/\p{Cc}/gu, " ")].filter((one) => one.length === 1);
  let text = "";
  for (const character of kept) {
    if (Buffer.byteLength(text + character) > MAX_DESCRIPTION) break;
    text += character;
  }
  return text.trim() || "-";
}

/** A paid order in the answer to a query or in a notice; undefined if it is malformed. */
export function paidOf(
  fields: Fields,
): { tradeId: string; amountCents: bigint; currency: string; payTime: Date } | undefined {
  const tradeId = tokenOf(fields.transaction_id, 64);
  const amount = objectOf(fields.amount);
  // Not `payer_total`: a coupon makes that less.
  const amountCents = minorUnitsOf(amount?.total);
  const currency = amount?.currency;
  const payTime = timeOf(fields.success_time);
  if (tradeId === undefined || amountCents === undefined) return undefined;
  if (typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency) || !payTime) return undefined;
  return { tradeId, amountCents, currency, payTime };
}

/** The moment of "2026-11-27T18:00:00+08:00"; undefined for another form or no such day. */
function timeOf(value: unknown): Date | undefined {
  if (typeof value !== "string" || !RFC3339.test(value)) return undefined;
  const wall = new Date(`${value.slice(0, 19)}Z`);
  // Date would turn 30 February into 2 March.
  const isOnCalendar =
    !Number.isNaN(wall.getTime()) && wall.toISOString().startsWith(value.slice(0, 19));
  const time = new Date(value);
  return isOnCalendar && time.getTime() >= 0 ? time : undefined;
}

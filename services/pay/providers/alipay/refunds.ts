import { Outage } from "#platform/values/refusal.ts";
import { type Fields, tokenOf, wordsOf } from "../fields.ts";
import { type RefundOutcome, type RefundRequest, refundNumber } from "../provider.ts";
import { unexpected } from "./client.ts";
import { fenOf } from "./messages.ts";

/** Alipay carries out refunds of one trade this long after each other. */
export const SPACING_MS = 3_000;
/** Alipay states no number; more than a shop makes of one payment. */
export const MAX_REFUNDS = 1_000;
/** A refund is first queried this long after it was accepted. */
export const QUERY_AFTER_MS = 5_000;

/** Not done, or not known: the same number is repeated, which moves the money once. */
const AGAIN = new Set([
  "ACQ.SYSTEM_ERROR",
  "ACQ.SELLER_BALANCE_NOT_ENOUGH",
  "ACQ.REFUND_CHARGE_ERROR",
  "ACQ.REFUND_ACCOUNT_NOT_EXIST",
]);

/**
 * The number of a refund: letters, digits and underscores. Alipay carries a number out once and
 * never wants a new one, so attempts beyond the first do not happen here.
 */
export function requestNumber(request: RefundRequest): string {
  return refundNumber(request, "_");
}

/**
 * The outcome of a request. 10000 alone says that it was taken: only a change of the funds, or a
 * query, proves it. A refused refund keeps its number, and every cause that waiting does not mend is
 * for a person: an ended period, an account that is gone, a frozen trade, or an amount that differs
 * from the one the number was used with. Source: opendocs.alipay.com, alipay.trade.refund, error
 * codes.
 */
export function refundOutcome(fields: Fields): RefundOutcome {
  if (fields.code === "10000") {
    return fields.fund_change === "Y" ? { state: "succeeded" } : { state: "pending" };
  }
  const cause = causeOf(fields);
  const isTemporary = AGAIN.has(String(fields.sub_code));
  return isTemporary ? { state: "again", cause } : { state: "person", cause };
}

/**
 * What a query of the refund proves. Without a state in the answer, Alipay has no such refund, or
 * has not carried it out: the request is repeated, which is harmless.
 */
export function queriedRefund(
  fields: Fields,
  { request, method }: { request: RefundRequest; method: string },
): RefundOutcome | { state: "unknown" } {
  const { code, sub_code: subCode, refund_status: status } = fields;
  if (code !== "10000") {
    if (subCode === "ACQ.SYSTEM_ERROR") throw unexpected(method, fields);
    return { state: "person", cause: causeOf(fields) };
  }
  if (status === undefined || status === "") return { state: "unknown" };
  if (status !== "REFUND_SUCCESS") throw unexpected(method, fields);
  if (tokenOf(fields.out_request_no) !== requestNumber(request)) {
    throw new Outage(`alipay answered ${method} about another refund`);
  }
  if (fenOf(fields.refund_amount) === request.amountCents) return { state: "succeeded" };
  return { state: "person", cause: `alipay refunded ${wordsOf(fields.refund_amount)} CNY instead` };
}

function causeOf({ sub_code: subCode, sub_msg: message }: Fields): string {
  return wordsOf(subCode, message) || "no cause given";
}

import { Outage } from "#platform/values/refusal.ts";
import { minorUnitsOf, objectOf, tokenOf, wordsOf } from "../fields.ts";
import { type RefundOutcome, type RefundRequest, refundNumber } from "../provider.ts";
import { type Answer, type Call, unexpected } from "./client.ts";

/** Refunds of one order are this far apart, and so many. */
export const SPACING_MS = 60_000;
export const MAX_REFUNDS = 50;
/** A refund is first queried this long after it was accepted. */
export const QUERY_AFTER_MS = 60_000;

/**
 * What an answer says about a refund. Only a signed one of status 200 ends it: CLOSED, for lack of
 * money over seven days, is final for the number, and a new one is needed. ABNORMAL waits for a
 * person: the shopper's card is gone, and the money goes to another account with the provider's
 * number of the refund. Source: pay.weixin.qq.com, domestic refunds, 4013071031.
 */
export function refundOutcome(call: Call, answer: Answer, request: RefundRequest): RefundOutcome {
  const { status, fields } = answer;
  if (status !== 200) return refusedOutcome(call, answer);
  const isThis = fields.out_refund_no === refundNumber(request);
  const amount = minorUnitsOf(objectOf(fields.amount)?.refund);
  if (!isThis || amount !== request.amountCents) {
    throw new Outage(`wechatpay answered ${call.target} about another refund`);
  }
  const reference = tokenOf(fields.refund_id);
  const known = reference === undefined ? {} : { reference };
  switch (fields.status) {
    case "SUCCESS":
      return { state: "succeeded", ...known };
    case "PROCESSING":
      return { state: "pending", ...known };
    case "CLOSED":
      return { state: "failed", cause: "CLOSED: the refund was closed without being paid" };
    case "ABNORMAL":
      return { state: "person", cause: `ABNORMAL: refund ${reference} needs an account`, ...known };
    default:
      throw unexpected(call, { status, fields: { code: fields.status } });
  }
}

/** An error never ends a refund: the number stays, and is repeated. */
function refusedOutcome(call: Call, answer: Answer): RefundOutcome {
  const { code, message } = answer.fields;
  if (answer.status < 400 || code === "SIGN_ERROR" || typeof code !== "string") {
    throw unexpected(call, answer);
  }
  const cause = wordsOf(code, message);
  return code === "NOT_ENOUGH" ? { state: "again", cause } : { state: "person", cause };
}

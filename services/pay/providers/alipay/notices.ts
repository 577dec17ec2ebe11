import type { Notice, RefundNotice } from "../../domain/notice.ts";
import { identifierOf, refundNumberOf, tokenOf, wordsOf } from "../fields.ts";
import { CNY, fenOf, paidOf, tradeNumberOf } from "./messages.ts";
import type { Params } from "./signature.ts";

const TRADE = "trade_status_sync";

/**
 * The notice in verified parameters; undefined if they are malformed. Alipay reports refunds as
 * notices of the trade: a refund of a part leaves TRADE_SUCCESS, one of the rest makes TRADE_CLOSED,
 * both with the time of the refund. TRADE_FINISHED ends the period for refunds: it pays nothing.
 * Source: opendocs.alipay.com, asynchronous notices of page payments.
 */
export function noticeOf(params: Params): Notice | undefined {
  const { notify_id: id, notify_type: type, trade_status: status = "" } = params;
  const noticeId = tokenOf(id, 128);
  if (noticeId === undefined) return undefined;
  if (type !== TRADE) {
    return { kind: "not_ours", noticeId, event: wordsOf(type), cause: "not about a trade" };
  }
  const about = { noticeId, event: wordsOf(status) };
  const paymentId = identifierOf(params.out_trade_no);
  if (paymentId === undefined) {
    return { kind: "not_ours", ...about, cause: "its number is none of this shop" };
  }
  const refundedCents = fenOf(params.refund_fee ?? "0.00");
  if (refundedCents === undefined) return undefined;
  const isRefund = params.gmt_refund !== undefined || refundedCents > 0n;
  if (isRefund && (status === "TRADE_SUCCESS" || status === "TRADE_CLOSED")) {
    return refundNotice(params, { ...about, paymentId, refundedCents });
  }
  switch (status) {
    case "TRADE_SUCCESS": {
      const paid = paidOf(params, params.gmt_payment);
      return paid && { kind: "paid", ...about, paymentId, ...paid };
    }
    case "TRADE_CLOSED":
      return { kind: "closed", ...about, paymentId };
    default:
      return { kind: "other", ...about, paymentId };
  }
}

function refundNotice(
  params: Params,
  about: { noticeId: string; event: string; paymentId: bigint; refundedCents: bigint },
): RefundNotice | undefined {
  const tradeId = tradeNumberOf(params);
  const number = tokenOf(params.out_biz_no, 64);
  const refund = refundNumberOf(number);
  if (tradeId === undefined) return undefined;
  return {
    kind: "refund",
    ...about,
    tradeId,
    refund,
    // Numbers of refunds are unique within their trade only.
    foreignId: refund ? undefined : `${tradeId}/${number ?? about.noticeId}`,
    state: "succeeded",
    // `refund_fee` is the sum of all refunds of the trade.
    amountCents: undefined,
    currency: CNY,
  };
}

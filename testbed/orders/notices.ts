import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import type { NoticeBody } from "../../simulators/sandbox/notices.ts";
import { newKey } from "./fixtures.ts";

/** The body of the sandbox provider's callback. */
export type NoticeFields = NoticeBody;

/** The notice that the provider would send if the payment were paid now. */
export function noticeOf(payment: Payment, changes: Partial<NoticeFields> = {}): NoticeFields {
  return {
    notice_id: `n-${newKey()}`,
    type: "payment.succeeded",
    merchant_id: "jetshop",
    merchant_trade_id: String(payment.paymentId),
    trade_id: payment.providerTradeId,
    amount_cents: String(payment.amountCents),
    currency: payment.currencyCode,
    pay_time: new Date().toISOString(),
    ...changes,
  };
}

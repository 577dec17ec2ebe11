import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Subscription, subscribe } from "#platform/events/subscriptions.ts";
import { EVENTS } from "#proto/events.ts";
import { finishRefund } from "./use-cases/finish-refund.ts";
import { markPaid } from "./use-cases/mark-paid.ts";
import type { WriteParts } from "./use-cases/parts.ts";

export function subscriptions(parts: WriteParts): Subscription[] {
  return subscribe(EVENTS.pay, "order", {
    "pay.v1.succeeded": (deliveries) =>
      markPaid(
        parts,
        deliveries.map(({ message, ...delivery }) => {
          const { paymentId, orderId, amountCents, payTime } = message;
          if (!payTime) throw new Error(`payment ${paymentId} has no pay_time`);
          const payment = { paymentId, orderId, amountCents, payTime: timestampDate(payTime) };
          return { ...delivery, ...payment };
        }),
      ),
    "pay.v1.refunded": (deliveries) =>
      finishRefund(
        parts,
        deliveries.map(({ message: { refundId }, ...delivery }) => ({ ...delivery, refundId })),
      ),
  });
}

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Subscription, subscription } from "#platform/events/consumers.ts";
import { PaymentRefundedSchema, PaymentSucceededSchema } from "#proto/shop/event/v1/event_pb.ts";
import { finishRefund } from "./use-cases/finish-refund.ts";
import { markPaid } from "./use-cases/mark-paid.ts";
import type { WriteParts } from "./use-cases/parts.ts";

export function subscriptions(parts: WriteParts): Subscription[] {
  return [
    subscription({
      fact: "pay.v1.succeeded",
      schema: PaymentSucceededSchema,
      handle: (deliveries) =>
        markPaid(
          parts,
          deliveries.map(({ message, ...delivery }) => {
            const { paymentId, orderId, amountCents, payTime } = message;
            if (!payTime) throw new Error(`payment ${paymentId} came at no time`);
            return {
              ...delivery,
              paymentId,
              orderId,
              amountCents,
              payTime: timestampDate(payTime),
            };
          }),
        ),
    }),
    subscription({
      fact: "pay.v1.refunded",
      schema: PaymentRefundedSchema,
      handle: (deliveries) =>
        finishRefund(
          parts,
          deliveries.map(({ message, ...delivery }) => {
            return { ...delivery, refundId: message.refundId };
          }),
        ),
    }),
  ];
}

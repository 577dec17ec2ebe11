import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Delivery } from "#platform/events/inbox.ts";
import { type Subscription, subscribe } from "#platform/events/subscriptions.ts";
import { EVENTS } from "#proto/events.ts";
import { markPaid } from "./use-cases/mark-paid.ts";
import type { WriteParts } from "./use-cases/parts.ts";
import { trackRefunds } from "./use-cases/track-refunds.ts";

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
      trackRefunds(
        parts,
        "succeeded",
        deliveries.map(({ message: { refundId, reopens }, ...delivery }) => {
          return { ...delivery, refundId, reopens, detail: "" };
        }),
      ),
    "pay.v1.refund_reopened": (deliveries) =>
      trackRefunds(parts, "reopened", deliveries.map(detailed)),
    "pay.v1.refund_requires_action": (deliveries) =>
      trackRefunds(parts, "requires_action", deliveries.map(detailed)),
  });
}

function detailed<T extends { refundId: bigint; reopens: number; detail: string }>({
  message: { refundId, reopens, detail },
  ...delivery
}: Delivery<T>) {
  return { ...delivery, refundId, reopens, detail };
}

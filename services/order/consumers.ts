import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Subscription, subscribe } from "#platform/events/subscriptions.ts";
import { EVENTS } from "#proto/events.ts";
import { RefundStatus } from "./domain/refunds.ts";
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
        deliveries.map(({ message: { refundId, reopens }, ...delivery }) => {
          const { SUCCEEDED: status } = RefundStatus;
          return { ...delivery, refundId, reopens, status, cause: "pay.v1.refunded", detail: "" };
        }),
      ),
    "pay.v1.refund_reopened": (deliveries) =>
      trackRefunds(
        parts,
        deliveries.map(({ message: { refundId, reopens, detail }, ...delivery }) => {
          const { REQUESTED: status } = RefundStatus;
          const cause = "pay.v1.refund_reopened";
          return { ...delivery, refundId, reopens, status, cause, detail };
        }),
      ),
    "pay.v1.refund_requires_action": (deliveries) =>
      trackRefunds(
        parts,
        deliveries.map(({ message: { refundId, reopens, detail }, ...delivery }) => {
          const { REQUIRES_ACTION: status } = RefundStatus;
          const cause = "pay.v1.refund_requires_action";
          return { ...delivery, refundId, reopens, status, cause, detail };
        }),
      ),
  });
}

import { Reason, Refusal } from "#platform/values/refusal.ts";
import { decodeRefusal } from "#platform/values/refusal-bytes.ts";
import { CancelReason, OrderStatus } from "../../domain/order.ts";
import type { StoredOrder } from "../../store/read-orders.ts";

export type Outcome =
  | { kind: "confirmed"; order: StoredOrder }
  | { kind: "refused"; refusal: Refusal };

/** The answer to the request that made this order, and to every repetition of it. */
export function outcomeOf(order: StoredOrder): Outcome {
  if (order.orderStatus === OrderStatus.PENDING) {
    const metadata = { order_id: String(order.orderId) };
    return { kind: "refused", refusal: new Refusal(Reason.REQUEST_IN_PROGRESS, metadata) };
  }
  const { cancelReason, failure } = order;
  const failed =
    cancelReason === CancelReason.PLACE_FAILED || cancelReason === CancelReason.ABANDONED;
  if (failed && failure) return { kind: "refused", refusal: decodeRefusal(failure) };
  return { kind: "confirmed", order };
}

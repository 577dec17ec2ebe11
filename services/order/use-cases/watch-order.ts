import { isFinished } from "../domain/order-state.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, Parts } from "./parts.ts";

/** Yields the order now and after each transition, until it is finished or the caller leaves. */
export async function* watchOrder(
  parts: Pick<Parts, "database" | "watch">,
  orderId: bigint,
  call: Pick<CallContext, "ownerId" | "signal">,
): AsyncGenerator<StoredOrder> {
  const { signal } = call;
  let order = await getOrder(parts, orderId, call);
  yield order;
  while (!isFinished(order.orderStatus)) {
    await parts.watch.next({ id: orderId, afterVersion: order.version, signal });
    if (signal.aborted) return;
    order = await getOrder(parts, orderId, call);
    yield order;
  }
}

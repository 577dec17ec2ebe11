import { isFinished } from "../domain/order-state.ts";
import type { StoredOrder } from "../store/entities.ts";
import { getOrder } from "./get-order.ts";
import type { Asking, Parts } from "./parts.ts";

/** The order as it is, then as it is after each change, until it is finished or the caller leaves. */
export async function* watchOrder(
  parts: Pick<Parts, "database" | "changes">,
  orderId: bigint,
  asking: Pick<Asking, "ownerId" | "signal">,
): AsyncGenerator<StoredOrder> {
  let order = await getOrder(parts, orderId, asking);
  yield order;
  while (!isFinished(order.orderStatus)) {
    const { signal } = asking;
    await parts.changes.next({ orderId, afterVersion: order.version, signal });
    if (signal.aborted) return;
    order = await getOrder(parts, orderId, asking);
    yield order;
  }
}

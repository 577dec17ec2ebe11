import type { LockedOrder } from "../../store/lock-orders.ts";
import type { CallContext, OrderEvent, WriteParts } from "../parts.ts";
import { lockOrder } from "./find-order.ts";
import { recordTransitions } from "./transitions.ts";

/** One transition that a caller asks for. */
type Advance = {
  /** Names the transaction. */
  name: string;
  /** Whether an earlier request has done it already; repeating it then changes nothing. */
  isDone: (order: LockedOrder) => boolean;
  apply: (order: LockedOrder) => LockedOrder;
  /** The method, as the history records it: "ShipOrder". */
  cause: string;
  event: (order: LockedOrder) => OrderEvent;
};

/** Takes one order through one transition in one transaction, with its history and its event. */
export function advanceOrder(
  parts: WriteParts,
  orderId: bigint,
  call: CallContext,
  { name, isDone, apply, cause, event }: Advance,
): Promise<void> {
  return parts.database.transact(name, async (tx) => {
    const order = await lockOrder(tx, orderId, call);
    if (isDone(order)) return;
    await recordTransitions(tx, parts, [{ order: apply(order), by: { actor: call.actor, cause } }]);
    await parts.outbox.add(tx, [event(order)]);
  });
}

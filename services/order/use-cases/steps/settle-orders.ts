import { Refusal } from "#platform/values/refusal.ts";
import { payAmount } from "../../domain/amounts.ts";
import { OrderStatus } from "../../domain/order.ts";
import { type LockedOrder, lockOrders } from "../../store/lock-orders.ts";
import { readOrders } from "../../store/read-orders.ts";
import type { Parts } from "../parts.ts";
import { cancelLocked, type ToCancel } from "./cancellation.ts";
import { confirmationOf, confirmedOrder, confirmLocked, type ToConfirm } from "./confirmation.ts";
import { outcomeOf } from "./place-outcome.ts";
import type { Placed, Placing } from "./placing.ts";

/**
 * Gives every order of the batch its outcome in one transaction: confirmed, or cancelled with the
 * event by which the participants release what they hold. An order that is no longer pending has
 * its outcome in its row already: recovery cancelled it, or an earlier attempt of this transaction
 * committed and the answer was lost.
 */
export async function settleOrders(parts: Parts, placing: Placing[]): Promise<Map<bigint, Placed>> {
  const { outcomes, decided } = await parts.database.transact("settle-orders", async (tx) => {
    const outcomes = new Map<bigint, Placed>();
    const decided: bigint[] = [];
    const locked = await lockOrders(
      tx,
      placing.map(({ planned }) => planned.orderId),
    );
    const confirming: ToConfirm[] = [];
    const cancelling: ToCancel[] = [];
    for (const one of placing) {
      const order = locked.get(one.planned.orderId);
      if (!order) throw new Error(`order ${one.planned.orderId} was saved but does not exist`);
      if (order.orderStatus !== OrderStatus.PENDING) {
        decided.push(order.orderId);
        continue;
      }
      const left = payAmount({ ...one.planned, couponPaidCents: one.couponPaidCents });
      const refusal = one.refusal ?? (left instanceof Refusal ? left : undefined);
      if (refusal) {
        cancelling.push(cancellationOf(one, order, refusal));
        outcomes.set(order.orderId, { kind: "refused", refusal });
      } else {
        const confirmation = confirmationOf(parts, { one, order, payAmountCents: left as bigint });
        confirming.push({ one, confirmation });
        const confirmed = confirmedOrder({ one, confirmation });
        outcomes.set(order.orderId, { kind: "confirmed", order: confirmed });
      }
    }
    await confirmLocked(tx, parts, confirming);
    await cancelLocked(tx, parts, cancelling);
    return { outcomes, decided };
  });
  for (const order of await readOrders(parts.database, { orderIds: decided })) {
    outcomes.set(order.orderId, outcomeOf(order));
  }
  return outcomes;
}

function cancellationOf(one: Placing, order: LockedOrder, failure: Refusal): ToCancel {
  const { actor, traceparent } = one.entry;
  return {
    order,
    transition: "fail",
    consumers: [...one.held],
    failure,
    by: { actor, cause: "PlaceOrder", detail: failure.message.slice(0, 500) },
    traceparent,
  };
}

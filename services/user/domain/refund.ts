import { Checks } from "#platform/values/checks.ts";
import { type BalanceRefund, giveBack, type Hold, HoldState, type Movement } from "./hold.ts";

/** What a refund gives back to its user's balance, and by what the base of the order's points shrinks. */
export type RefundedOrder = {
  orderId: bigint;
  userId: bigint;
  refundId: bigint;
  balanceCents: bigint;
  spentCents: bigint;
};

/** Refuses an event with impossible numbers. */
export function checkRefundedOrder(refund: RefundedOrder): void {
  const checks = new Checks();
  checks.identifier("order_id", refund.orderId);
  checks.identifier("user_id", refund.userId);
  checks.identifier("refund_id", refund.refundId);
  checks.cents("balance_cents", refund.balanceCents);
  checks.cents("spent_cents", refund.spentCents);
  checks.throwIfAny();
}

/**
 * Gives balance back: each refund once, and no more than its order's hold still has, whatever the event says. An order
 * that got nothing, or was closed before, has nothing to give.
 *
 * What an order holds in the end is what it took, less all its refunds, and nothing once it is closed: a sum does not
 * mind the order in which its parts come, and closing wins over all. So that this also holds for a refund that comes
 * before the deduction, an unknown order is marked `early` and its refund is kept; the deduction takes both steps at
 * once. Closing the order instead would refuse the deduction and so lose what was not refunded.
 */
export function decideRefunds(
  refunds: readonly RefundedOrder[],
  known: {
    holds: ReadonlyMap<bigint, Hold>;
    balances: ReadonlyMap<bigint, bigint>;
    /** The refunds of these orders that had their effect on the balance, or are kept for it. */
    refunded: ReadonlySet<bigint>;
  },
): { movements: Movement[]; changed: Hold[]; marks: Hold[]; early: BalanceRefund[] } {
  const holds = new Map(known.holds);
  const balances = new Map(known.balances);
  const refunded = new Set(known.refunded);
  const changed = new Map<bigint, Hold>();
  const marks: Hold[] = [];
  const early: BalanceRefund[] = [];
  const movements: Movement[] = [];
  for (const refund of refunds) {
    const { orderId, userId, refundId, balanceCents } = refund;
    if (balanceCents === 0n || refunded.has(refundId)) continue;
    refunded.add(refundId);
    const hold = holds.get(orderId);
    if (!hold) {
      const mark = refundedBefore({ orderId, userId });
      holds.set(orderId, mark);
      marks.push(mark);
    }
    if (!hold || hold.state === HoldState.early) early.push({ orderId, refundId, balanceCents });
    if (hold?.state !== HoldState.held) continue;
    const given = giveBack(hold, refund, balances);
    movements.push(...given.movements);
    holds.set(orderId, given.hold);
    changed.set(orderId, given.hold);
  }
  return { movements, changed: [...changed.values()], marks, early };
}

/** The mark that an order's refund came before its deduction. */
function refundedBefore(order: { orderId: bigint; userId: bigint }): Hold {
  const nothing = { amountCents: 0n, returnedCents: 0n, refusal: undefined };
  return { ...order, ...nothing, state: HoldState.early };
}

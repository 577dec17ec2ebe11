import { Checks } from "#platform/values/checks.ts";
import { ParticipantState } from "#platform/values/participant.ts";
import { addToBalance, BalanceLogType, type Movement } from "./balance.ts";
import { earlyHold, type Hold } from "./hold.ts";
import { checkTerms, type OrderTerms } from "./points.ts";

/** What a refund returns to the user's balance, and what it takes off the base of the points. */
export type Refund = {
  orderId: bigint;
  userId: bigint;
  refundId: bigint;
  balanceCents: bigint;
  spentCents: bigint;
} & OrderTerms;

/** The part of a refund that is stored until the request of its order arrives. */
export type EarlyRefund = Pick<Refund, "orderId" | "refundId" | "balanceCents">;

/** Throws Refusal(INVALID_ARGUMENT) for an event whose numbers are out of range. */
export function checkRefund(refund: Refund): void {
  const checks = new Checks();
  checks.identifier("order_id", refund.orderId);
  checks.identifier("user_id", refund.userId);
  checks.identifier("refund_id", refund.refundId);
  checks.cents("balance_cents", refund.balanceCents);
  checks.cents("spent_cents", refund.spentCents);
  checkTerms(checks, refund);
  checks.throwIfAny();
}

/**
 * Gives balance back: each refund once, and at most what the hold of its order still has. An order
 * that was refused or closed holds nothing.
 *
 * Events may arrive in any order, and the result must not depend on it. In the end an order holds
 * what it took less all its refunds, and nothing once it is closed. A sum does not depend on the
 * order of its terms, so only a refund that overtakes its deduction needs care: it marks the order
 * as EARLY and is stored, and the deduction later applies both at once. Closing the order instead
 * would refuse the deduction and lose the part that was not refunded.
 */
export function decideRefunds(
  refunds: readonly Refund[],
  known: {
    holds: ReadonlyMap<bigint, Hold>;
    balances: ReadonlyMap<bigint, bigint>;
    /** Refunds of these orders that were already applied, or are stored until the deduction. */
    refunded: ReadonlySet<bigint>;
  },
): {
  movements: Movement[];
  /** Holds that gave something back. */
  changed: Hold[];
  /** Rows for orders without one. */
  marks: Hold[];
  /** Refunds to store until the deduction arrives. */
  early: EarlyRefund[];
} {
  const holds = new Map(known.holds);
  const balances = new Map(known.balances);
  const refunded = new Set(known.refunded);
  const changed = new Map<bigint, Hold>();
  const marks: Hold[] = [];
  const early: EarlyRefund[] = [];
  const movements: Movement[] = [];
  for (const refund of refunds) {
    const { orderId, refundId, balanceCents } = refund;
    if (balanceCents === 0n || refunded.has(refundId)) continue;
    refunded.add(refundId);
    const hold = holds.get(orderId);
    if (!hold) {
      const mark = earlyHold(refund);
      holds.set(orderId, mark);
      marks.push(mark);
    }
    if (!hold || hold.state === ParticipantState.EARLY) {
      early.push({ orderId, refundId, balanceCents });
    }
    if (hold?.state !== ParticipantState.HELD) continue;
    const given = giveBack(hold, refund, balances);
    movements.push(...given.movements);
    holds.set(orderId, given.hold);
    changed.set(orderId, given.hold);
  }
  return { movements, changed: [...changed.values()], marks, early };
}

/** Gives back what a refund returns, at most what the hold still has; changes `balances`. */
export function giveBack(
  hold: Hold,
  { refundId, balanceCents }: EarlyRefund,
  balances: Map<bigint, bigint>,
): { hold: Hold; movements: Movement[] } {
  const { orderId, userId } = hold;
  const left = hold.amountCents - hold.returnedCents;
  const amountCents = balanceCents < left ? balanceCents : left;
  if (amountCents === 0n) return { hold, movements: [] };
  const balanceAfter = addToBalance(balances, { userId, orderId, amountCents });
  const type = BalanceLogType.REFUND;
  const state = amountCents === left ? ParticipantState.RELEASED : hold.state;
  return {
    hold: { ...hold, state, returnedCents: hold.returnedCents + amountCents },
    movements: [{ userId, orderId, type, amountCents, balanceAfter, refundId }],
  };
}

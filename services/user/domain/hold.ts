import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { BalanceLogType } from "./user.ts";

/** One order's wish for a part of its user's balance; 0 only asks whether the user exists. */
export type Deduction = { orderId: bigint; userId: bigint; amountCents: bigint };

/** What an order is answered; without a refusal it has what it asked for. */
export type DeductionOutcome = { orderId: bigint; refusal?: Refusal };

/**
 * held: the order has the amount. released: the order is closed, or all of it is back. refused: it never got it and
 * never will. early: nothing is decided, but a refund is known already.
 */
export const HoldState = { held: 1, released: 2, refused: 3, early: 4 } as const;
export type HoldState = (typeof HoldState)[keyof typeof HoldState];

/**
 * What was decided for an order, once and for ever. The amount is 0 where an order was closed, or refunded, before its
 * deduction came; a refusal stands exactly where the state is refused. Refunds have given `returnedCents` of it back.
 */
export type Hold = Deduction & {
  state: HoldState;
  returnedCents: bigint;
  refusal: Refusal | undefined;
};

/** One row of the balance log that is due, with the balance that it leaves. */
export type Movement = {
  userId: bigint;
  orderId: bigint;
  type: BalanceLogType;
  amountCents: bigint;
  balanceAfter: bigint;
  /** Undefined where no refund gave it back. */
  refundId?: bigint;
};

/** A refund of an order to its user's balance. */
export type BalanceRefund = { orderId: bigint; refundId: bigint; balanceCents: bigint };

/** Refuses an event with impossible numbers. */
export function checkClosedOrder(order: { orderId: bigint; userId: bigint }): void {
  const checks = new Checks();
  checks.identifier("order_id", order.orderId);
  checks.identifier("user_id", order.userId);
  checks.throwIfAny();
}

/** What is wrong with one entry of a batch, undefined where nothing is. */
export function deductionFault(deduction: Deduction, field: string): Refusal | undefined {
  const checks = new Checks();
  checks.identifier(`${field}.order_id`, deduction.orderId);
  checks.identifier(`${field}.user_id`, deduction.userId);
  checks.cents(`${field}.amount_cents`, deduction.amountCents, { min: 0n, max: MAX_CENTS });
  return checks.refusal;
}

/**
 * Decides deductions of orders that were not decided before, in the order given: of several orders of one user each
 * sees what the earlier ones left. A refusal touches no other order. `balances` holds the users that exist, as locked;
 * `early` the refunds of those orders that have some before their deduction, which give back at once what they would
 * have given back afterwards.
 */
export function decideDeductions(
  deductions: readonly Deduction[],
  balances: ReadonlyMap<bigint, bigint>,
  early: ReadonlyMap<bigint, readonly BalanceRefund[]> = new Map(),
): { holds: Hold[]; movements: Movement[] } {
  const current = new Map(balances);
  const movements: Movement[] = [];
  const holds = deductions.map((deduction): Hold => {
    const { orderId, userId, amountCents } = deduction;
    const available = current.get(userId);
    if (available === undefined) return refused(deduction, userNotFound(userId));
    if (available < amountCents) {
      const refusal = balanceNotEnough({ userId, requested: amountCents, available });
      return refused(deduction, refusal);
    }
    const balanceAfter = available - amountCents;
    current.set(userId, balanceAfter);
    const type = BalanceLogType.pay;
    movements.push({ userId, orderId, type, amountCents: -amountCents, balanceAfter });
    const held = { ...deduction, state: HoldState.held, returnedCents: 0n, refusal: undefined };
    return (early.get(orderId) ?? []).reduce<Hold>((hold, refund) => {
      const given = giveBack(hold, refund, current);
      movements.push(...given.movements);
      return given.hold;
    }, held);
  });
  return { holds, movements };
}

function refused(deduction: Deduction, refusal: Refusal): Hold {
  return { ...deduction, state: HoldState.refused, returnedCents: 0n, refusal };
}

/** Answers a deduction from the hold of its order: the first answer again, or that the order is closed. */
export function answerFrom(hold: Hold, deduction: Deduction): DeductionOutcome {
  const { orderId } = deduction;
  switch (hold.state) {
    case HoldState.early:
      throw new Error(`Nothing was decided for order ${orderId}.`);
    case HoldState.refused:
      if (hold.refusal === undefined)
        throw new Error(`The hold of order ${orderId} has no refusal.`);
      return { orderId, refusal: hold.refusal };
    case HoldState.released:
      return { orderId, refusal: new Refusal(Reason.ORDER_CLOSED, { order_id: `${orderId}` }) };
    case HoldState.held:
      return sameContents(hold, deduction) ? { orderId } : { orderId, refusal: otherContents() };
  }
}

/** Gives back what these holds still have; those of other states have nothing to give. */
export function releaseMovements(
  holds: readonly Hold[],
  balances: ReadonlyMap<bigint, bigint>,
): Movement[] {
  const current = new Map(balances);
  return holds
    .filter(({ state }) => state === HoldState.held)
    .map(({ orderId, userId, amountCents: taken, returnedCents }) => {
      const amountCents = taken - returnedCents;
      const balance = current.get(userId);
      if (balance === undefined) throw new Error(`Order ${orderId} holds of no user's balance.`);
      const balanceAfter = balance + amountCents;
      current.set(userId, balanceAfter);
      return { userId, orderId, type: BalanceLogType.refund, amountCents, balanceAfter };
    });
}

/** The hold after a refund, and the movement by which its user's balance grows; `balances` follows. */
export function giveBack(
  hold: Hold,
  { refundId, balanceCents }: BalanceRefund,
  balances: Map<bigint, bigint>,
): { hold: Hold; movements: Movement[] } {
  const { orderId, userId } = hold;
  const left = hold.amountCents - hold.returnedCents;
  const amountCents = balanceCents < left ? balanceCents : left;
  if (amountCents === 0n) return { hold, movements: [] };
  const balance = balances.get(userId);
  if (balance === undefined) throw new Error(`Order ${orderId} holds of no user's balance.`);
  const balanceAfter = balance + amountCents;
  balances.set(userId, balanceAfter);
  const type = BalanceLogType.refund;
  const state = amountCents === left ? HoldState.released : hold.state;
  return {
    hold: { ...hold, state, returnedCents: hold.returnedCents + amountCents },
    movements: [{ userId, orderId, type, amountCents, balanceAfter, refundId }],
  };
}

/** The mark that an order was closed before its deduction came, so that the late one is refused. */
export function closedBefore(order: { orderId: bigint; userId: bigint }): Hold {
  return {
    ...order,
    amountCents: 0n,
    state: HoldState.released,
    returnedCents: 0n,
    refusal: undefined,
  };
}

/** What the movements change on each user, in the order of the users. */
export function balanceChanges(movements: readonly Movement[]): Map<bigint, bigint> {
  const changes = new Map<bigint, bigint>();
  for (const { userId, amountCents } of movements) {
    changes.set(userId, (changes.get(userId) ?? 0n) + amountCents);
  }
  return new Map([...changes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function sameContents(a: Deduction, b: Deduction): boolean {
  return a.userId === b.userId && a.amountCents === b.amountCents;
}

/** The refusal of an order that asks again with other contents than before. */
export function otherContents(): Refusal {
  const description = "was used before with another user or amount";
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "order_id", description }]);
}

export function userNotFound(userId: bigint): Refusal {
  return new Refusal(Reason.USER_NOT_FOUND, { user_id: `${userId}` });
}

function balanceNotEnough(fact: { userId: bigint; requested: bigint; available: bigint }): Refusal {
  return new Refusal(Reason.BALANCE_NOT_ENOUGH, {
    user_id: `${fact.userId}`,
    requested: `${fact.requested}`,
    available: `${fact.available}`,
  });
}

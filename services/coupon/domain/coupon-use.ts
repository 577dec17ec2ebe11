import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { type Coupon, CouponStatus, refusalToSpend, type Spending } from "./coupon.ts";
import { amountOffCents } from "./discount.ts";

/** One order's wish to spend a coupon. */
export type CouponUse = Spending & { orderId: bigint };

/** What an order is answered: the amount, or the refusal and 0. */
export type UseOutcome = { orderId: bigint; amountOffCents: bigint; refusal?: Refusal };

/** held: the order has the coupon. released: the order is closed. refused: it never got one and never will. */
export const UseState = { held: 1, released: 2, refused: 3 } as const;
export type UseState = (typeof UseState)[keyof typeof UseState];

/**
 * What was decided for an order, once and for ever. The coupon is 0 where an order was closed before its coupon was
 * asked for; a refusal stands exactly where the state is refused.
 */
export type UseRecord = CouponUse & {
  amountOffCents: bigint;
  state: UseState;
  refusal: Refusal | undefined;
};

/** What is wrong with one entry of a batch, undefined where nothing is. */
export function useFault(use: CouponUse, field: string): Refusal | undefined {
  const checks = new Checks();
  checks.identifier(`${field}.order_id`, use.orderId);
  checks.identifier(`${field}.coupon_id`, use.couponId);
  checks.identifier(`${field}.user_id`, use.userId);
  checks.cents(`${field}.goods_amount_cents`, use.goodsAmountCents);
  return checks.refusal;
}

/**
 * Decides uses of orders that were not decided before, in the order given: of two that want the same coupon the first
 * gets it. A refusal touches no other use. `coupons` holds what exists of the coupons asked for, as locked.
 */
export function decideUses(
  uses: readonly CouponUse[],
  coupons: ReadonlyMap<bigint, Coupon>,
  now: Date,
): UseRecord[] {
  const current = new Map(coupons);
  return uses.map((use) => {
    const coupon = current.get(use.couponId);
    const refusal = refusalToSpend(coupon, use, now);
    if (coupon === undefined || refusal !== undefined) {
      return { ...use, amountOffCents: 0n, state: UseState.refused, refusal };
    }
    current.set(use.couponId, { ...coupon, status: CouponStatus.used, orderId: use.orderId });
    const off = amountOffCents(coupon.discount, use.goodsAmountCents);
    return { ...use, amountOffCents: off, state: UseState.held, refusal: undefined };
  });
}

/** Answers a use from the record of its order: the first answer again, or that the order is closed. */
export function answerFrom(record: UseRecord, use: CouponUse): UseOutcome {
  const refused = (refusal: Refusal) => ({
    orderId: use.orderId,
    amountOffCents: 0n,
    refusal,
  });
  switch (record.state) {
    case UseState.refused:
      if (record.refusal === undefined)
        throw new Error(`Use of order ${use.orderId} has no refusal.`);
      return refused(record.refusal);
    case UseState.released:
      return refused(new Refusal(Reason.ORDER_CLOSED, { order_id: String(use.orderId) }));
    case UseState.held:
      return sameContents(record, use)
        ? { orderId: use.orderId, amountOffCents: record.amountOffCents }
        : refused(otherContents());
  }
}

/** The refusal of an order that asks again with other contents than before. */
export function otherContents(): Refusal {
  const description = "was used before with another coupon, user or goods amount";
  return new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "order_id", description }]);
}

export function sameContents(a: CouponUse, b: CouponUse): boolean {
  return (
    a.couponId === b.couponId && a.userId === b.userId && a.goodsAmountCents === b.goodsAmountCents
  );
}

/** Refuses an event with impossible numbers. */
export function checkClosedOrder(order: { orderId: bigint; userId: bigint }): void {
  const checks = new Checks();
  checks.identifier("order_id", order.orderId);
  checks.identifier("user_id", order.userId);
  checks.throwIfAny();
}

/** The mark that an order was closed before its coupon was asked for, so that the late use is refused. */
export function closedBefore(order: { orderId: bigint; userId: bigint }): UseRecord {
  const nothing = { couponId: 0n, goodsAmountCents: 0n, amountOffCents: 0n };
  return { ...order, ...nothing, state: UseState.released, refusal: undefined };
}

/**
 * The coupons to free when these orders are closed: those that the orders hold, where the coupon itself still names the
 * order. One that was freed and spent by another order since stays with that other.
 */
export function couponsToFree(
  records: readonly UseRecord[],
  coupons: ReadonlyMap<bigint, Coupon>,
): bigint[] {
  return records
    .filter(({ state }) => state === UseState.held)
    .filter(({ couponId, orderId }) => coupons.get(couponId)?.orderId === orderId)
    .map(({ couponId }) => couponId);
}

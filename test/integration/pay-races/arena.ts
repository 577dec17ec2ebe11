import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import { PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Payment } from "#proto/shop/pay/v1/pay_pb.ts";
import { forEachInFlight } from "../../../ops/replay/in-flight.ts";
import { SandboxRefusal } from "../../../ops/sandbox/client.ts";
import type { Caller } from "../../support/callers.ts";
import { eventually } from "../../support/eventually.ts";
import {
  amountOff,
  insertUsers,
  newCoupon,
  newGoods,
  newKey,
  placeRequest,
} from "../../support/fixtures.ts";
import { type Shop, startShop } from "../../support/shop.ts";

/** How often two meet in each race: few in the whole suite, 1,000 with `npm run test:races`. */
export const ROUNDS = Number(process.env.SHOP_RACE_ROUNDS ?? 48);
/** For a test with so many rounds, on a machine that does other things, too. */
export const RACE_MS = 120_000 + ROUNDS * 600;
/** Races under way at once. */
export const LANES = 8;

/** 2 x 7.00 and 1 x 11.00, shipping 10.00: 35.00, of which the coupon takes 5.00 and the balance 10.00. */
export const PRICES = [700n, 1_100n] as const;
export const PAY_CENTS = 2_000n;
export const BALANCE_CENTS = 1_000n;
const COUPON_CENTS = 500n;
const OPENING_BALANCE_CENTS = 10_000n;
/** One for each full 1.00 of the 30.00 that were spent; a refund takes back all but those of the shipping fee. */
const POINTS = 30n;
const POINTS_OF_THE_FEE = 10n;

/** An order with coupon and balance, and its open payment. */
export type Contest = { userId: bigint; as: Caller; order: Order; payment: Payment };

export type Arena = {
  shop: Shop;
  goodsIds: [bigint, bigint];
  /** A fresh shopper with an order that waits for its payment. */
  enter(): Promise<Contest>;
  /** The same, paid. */
  enterPaid(): Promise<Contest>;
  /** Pays at the platform: false where the platform refuses, because the payment was closed. */
  pay(contest: Contest): Promise<boolean>;
  read(contest: Contest): Promise<Order>;
  /** The order as soon as it holds. */
  when(contest: Contest, holds: (order: Order) => boolean): Promise<Order>;
  /** Fails unless the shopper has what an order in this state leaves, as soon as all of its events came. */
  settled(contest: Contest, left: "all" | "nothing" | "shipping fee's points"): Promise<void>;
};

/** A shop of its own for one race; `order` are settings of the order service. */
export async function openArena(order: Record<string, string> = {}): Promise<Arena> {
  const pay = { SHOP_PAYMENT_QUERY_MS: "600000", SHOP_REFUND_RETRY_MS: "100" };
  const shop = await startShop({ sandbox: true, gateway: true, envOf: { pay, order } });
  try {
    return await arenaOf(shop);
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

async function arenaOf(shop: Shop): Promise<Arena> {
  const goods = await Promise.all(
    PRICES.map((unitPriceCents) => newGoods(shop, { unitPriceCents, stock: 100_000n })),
  );
  const [first, second] = goods;
  assert.ok(first && second);
  const read = async ({ order: { orderId } }: Contest) => {
    const { order } = await shop.admin.order.getOrder({ orderId });
    assert.ok(order);
    return order;
  };
  const when: Arena["when"] = (contest, holds) =>
    eventually(
      async () => {
        const order = await read(contest);
        const { orderId, orderStatus, payStatus, refunds } = order;
        assert.ok(
          holds(order),
          `order ${orderId} is ${orderStatus} ${payStatus} with ${refunds.length} refunds`,
        );
        return order;
      },
      { withinMs: 60_000 },
    );
  const enter = async () => {
    const [userId = 0n] = await insertUsers(shop, 1);
    const [{ couponId }] = await Promise.all([
      newCoupon(shop, userId, { discount: amountOff(COUPON_CENTS) }),
      shop.admin.user.topUpBalance({
        requestId: newKey(),
        userId,
        amountCents: OPENING_BALANCE_CENTS,
      }),
    ]);
    const as = shop.user(userId);
    const lines: Parameters<typeof placeRequest>[0]["lines"] = [
      [first, 2n],
      [second, 1n],
    ];
    const request = placeRequest({ userId, lines }, { couponId, balanceCents: BALANCE_CENTS });
    const { order } = await as.order.placeOrder(request);
    assert.equal(order?.payAmountCents, PAY_CENTS);
    const { payment } = await as.pay.createPayment({
      orderId: order.orderId,
      provider: "sandbox",
      returnUrl: "http://localhost/thanks",
    });
    assert.ok(payment);
    return { userId, as, order, payment };
  };
  const pay: Arena["pay"] = async ({ payment: { paymentId } }) => {
    try {
      await shop.sandbox.pay(paymentId);
      return true;
    } catch (error) {
      if (error instanceof SandboxRefusal) return false;
      throw error;
    }
  };
  return {
    shop,
    goodsIds: [first.goodsId, second.goodsId],
    enter,
    async enterPaid() {
      const contest = await enter();
      assert.equal(await pay(contest), true);
      const order = await when(contest, ({ payStatus }) => payStatus === PayStatus.PAID);
      return { ...contest, order };
    },
    pay,
    read,
    when,
    settled: ({ userId }, left) =>
      eventually(async () => {
        const { user } = await shop.admin.user.getUser({ userId });
        const spent = left === "all" ? 0n : BALANCE_CENTS;
        assert.ok(user);
        const kept = { all: 0n, nothing: POINTS, "shipping fee's points": POINTS_OF_THE_FEE };
        const isBack = left !== "nothing";
        assert.equal(user.balanceCents, OPENING_BALANCE_CENTS - (isBack ? 0n : spent));
        assert.equal(user.points, kept[left]);
      }),
  };
}

/** No refund is under way. */
export const isThrough = ({ payStatus, refunds }: Order) =>
  payStatus !== PayStatus.REFUNDING &&
  refunds.every(({ status }) => status === RefundStatus.SUCCEEDED);

/** What the platform has for a payment: "closed", or "paid" and how much of it it gave back. */
export async function ledgerOf(shop: Shop): Promise<Map<string, string>> {
  const { payments } = await shop.sandbox.state();
  return new Map(
    payments.map(({ paymentId, state, refundedCents }) => {
      return [paymentId, state === "paid" ? `paid, ${refundedCents} back` : state];
    }),
  );
}

/** Runs so many rounds, LANES at once. */
export function rounds(work: (round: number) => Promise<void>): Promise<void> {
  const all = Array.from({ length: ROUNDS }, (_, round) => round);
  return forEachInFlight(all, LANES, work);
}

const FIRST_STEP_MS = 2;
const LONGEST_GAP_MS = 4_000;

/**
 * Lets two start so that either may win: the one that won starts later next time, by more and more for as long as it
 * wins, and by little as soon as it loses.
 */
export function evenStart() {
  let gapMs = 0;
  let stepMs = FIRST_STEP_MS;
  let last: number | undefined;
  const wins: [number, number] = [0, 0];
  const lateBy = async (ms: number) => {
    if (ms > 0) await pause(ms);
  };
  return {
    wins,
    /** Starts both at the barrier; resolves to what both resolved to. */
    async race<A, B>(first: () => Promise<A>, second: () => Promise<B>): Promise<[A, B]> {
      const gap = gapMs + (Math.random() - 0.5) * 2 * FIRST_STEP_MS;
      return Promise.all([lateBy(gap).then(first), lateBy(-gap).then(second)]);
    },
    won(winner: 0 | 1): void {
      wins[winner] += 1;
      stepMs = winner === last ? stepMs * 1.5 : FIRST_STEP_MS;
      last = winner;
      gapMs += winner === 0 ? stepMs : -stepMs;
      gapMs = Math.max(-LONGEST_GAP_MS, Math.min(LONGEST_GAP_MS, gapMs));
    },
  };
}

import { setTimeout as pause } from "node:timers/promises";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { isCommit, onPublish } from "../../../testbed/proxy/filters.ts";
import type { Filter } from "../../../testbed/proxy/pipe.ts";
import { allMessages, publishAgain } from "../../../testbed/system/operator.ts";
import { untilQuiet } from "../judge/quiet.ts";
import { idOf, type Operation } from "../load/history.ts";
import type { Item, Market } from "../load/market.ts";
import type { Shopper } from "../load/shopper.ts";
import { resetOnce } from "./reset-once.ts";

/** Two shoppers in a market whose history is judged. */
export type Scene = { market: Market; ann: Shopper; bob: Shopper };

const LOOKS = 120;
const LOOK_EVERY_MS = 100;
/** Longer than a scenario, so that only the scenario itself reports a payment. */
const LATE_MS = 6_000;
const QUIET_WITHIN_MS = 30_000;

/** Small scenarios that make some defects visible and are harmless to a working shop. */
export const SCENARIOS = {
  /** Everything that orders go through normally, with refusals and repetitions. */
  story,
  /** All events are published again, and commands repeated. */
  echo,
  /**
   * A participant is down while an order is placed, and gets its command after the order was
   * cancelled.
   */
  late,
  /** The broker acknowledges an event that no consumer gets. */
  lostEvent,
  /** The connection is reset before the commit of an order's outcome. */
  brokenCommit,
  /** The connection is reset within the transaction that returns stock. */
  brokenRelease,
  /** The provider executes a refund, and its answer is lost. */
  lostAnswer,
  /** The provider takes the success of a refund back. */
  takenBack,
  /** A callback with a valid signature reports a payment that was not made, with another amount. */
  forgery,
  /** A shopper pays at the last moment, and the deadline passes before the callback. */
  lastMoment,
} as const satisfies Record<string, (scene: Scene) => Promise<void>>;

export type ScenarioName = keyof typeof SCENARIOS;

async function story({ market, ann, bob }: Scene): Promise<void> {
  const [cheap, middle, dear, , , dearest] = market.items as [Item, Item, Item, Item, Item, Item];
  const parted = async () => {
    const couponId = await ann.getCoupon();
    const lines: [Item, bigint][] = [
      [middle, 1n],
      [dear, 1n],
    ];
    const orderId = await paid(ann, await ann.place({ lines, couponId, balanceCents: 300n }));
    if (orderId === undefined) return;
    await ann.refund(orderId, { lines: [{ goodsId: dear.goodsId, quantity: 1n }] });
    await untilRefunded(ann, orderId);
    await ann.ship(orderId);
    await ann.receive(orderId);
  };
  const cancelled = async () => {
    const couponId = await ann.getCoupon();
    const orderId = idOf(await ann.place({ lines: [[cheap, 3n]], couponId, balanceCents: 500n }));
    if (orderId !== undefined) await ann.cancel(orderId);
  };
  const refused = () => ann.place({ lines: [[dearest, 3_000n]], balanceCents: 14_700_000n });
  const byBalance = async () => {
    const orderId = idOf(await bob.place({ lines: [[middle, 2n]], balanceCents: 2_400n }));
    if (orderId !== undefined) await bob.refund(orderId);
  };
  const givenBack = async () => {
    const couponId = await bob.getCoupon();
    const orderId = await paid(bob, await bob.place({ lines: [[dear, 2n]], couponId }));
    if (orderId !== undefined) await bob.refund(orderId);
  };
  const repeated = async () => {
    const placed = await bob.place({ lines: [[cheap, 1n]] });
    await placed.ask();
    await bob.reuseKey(placed);
    const orderId = idOf(placed);
    if (orderId !== undefined) await bob.openPayment(orderId);
  };
  await Promise.all([parted(), cancelled(), refused(), byBalance(), givenBack(), repeated()]);
}

async function echo({ market, ann, bob }: Scene): Promise<void> {
  const [cheap, middle] = market.items as [Item, Item];
  const couponId = await ann.getCoupon();
  const kept = await ann.place({ lines: [[middle, 2n]], couponId, balanceCents: 700n });
  await paid(ann, kept);
  const other = idOf(await bob.place({ lines: [[cheap, 2n]], balanceCents: 100n }));
  if (other !== undefined) await bob.cancel(other);
  const { system } = market;
  await untilQuiet(system, { untilMs: Date.now() + QUIET_WITHIN_MS });
  await publishAgain(system, await allMessages(system));
  const { user, goods, coupon } = system.direct.service("order");
  const orderId = idOf(kept);
  if (orderId === undefined) return;
  const { userId, request } = kept;
  await user.deductBalance({
    deductions: [{ orderId, userId, amountCents: request.balanceCents }],
  });
  await goods.reserveStock({ reservations: [{ orderId, lines: request.lines }] });
  const goodsAmountCents = 2n * middle.unitPriceCents;
  await coupon.useCoupons({
    uses: [{ orderId, userId, goodsAmountCents, couponId: request.couponId }],
  });
}

async function late({ market, ann }: Scene): Promise<void> {
  const { system } = market;
  const [cheap] = market.items as [Item];
  const away = system.edges.select({ from: "order", to: "user" });
  for (const edge of away) edge.set({ kind: "reset" });
  const placed = await ann.place({ lines: [[cheap, 1n]], balanceCents: 400n });
  for (const edge of away) edge.mend();
  await untilQuiet(system, { untilMs: Date.now() + QUIET_WITHIN_MS });
  const [order] = await system.sql<{ id: bigint }>(
    "order",
    "select order_id as id from orders where request_id = ?",
    [placed.request.requestId],
  );
  if (!order) return;
  const deduction = { orderId: order.id, userId: ann.userId, amountCents: 400n };
  await system.direct.service("order").user.deductBalance({ deductions: [deduction] });
}

async function lostEvent({ market, bob }: Scene): Promise<void> {
  const { system } = market;
  const [cheap] = market.items as [Item];
  // The stream stores it under a subject that no consumer reads.
  const astray = onPublish(/\.order\.v1\.cancelled$/, ({ bytes, subject }) => {
    const text = bytes.toString("latin1").replace(subject, `${subject.slice(0, -1)}x`);
    return [Buffer.from(text, "latin1")];
  });
  const edges = system.edges.select({ from: "order", to: "broker" });
  for (const edge of edges) edge.filter(astray);
  const orderId = idOf(await bob.place({ lines: [[cheap, 1n]], balanceCents: 100n }));
  if (orderId !== undefined) await bob.cancel(orderId);
  await eventually(async () => {
    const rows = await system.sql(
      "order",
      "select 1 from outbox where fact = 'order.v1.cancelled' and publishes > 0 and order_id = ?",
      [orderId ?? 0n],
    );
    return rows.length > 0;
  });
  for (const edge of edges) edge.mend();
}

/** Runs `work` while the next connection to the database that the filter matches is reset. */
async function interrupted(
  { system }: Market,
  { from, filter }: { from: string; filter: { filter: Filter; done: () => boolean } },
  work: () => Promise<unknown>,
): Promise<void> {
  const edges = system.edges.select({ from, to: "database" });
  for (const edge of edges) edge.filter(filter.filter);
  await work();
  await eventually(async () => filter.done());
  for (const edge of edges) edge.mend();
}

async function brokenCommit({ market, ann }: Scene): Promise<void> {
  const [cheap] = market.items as [Item];
  const confirms = (packet: Buffer) => packet.includes("pay_deadline = v.pay_deadline");
  const filter = resetOnce({ after: confirms, at: isCommit });
  await interrupted(market, { from: "order", filter }, () => ann.place({ lines: [[cheap, 1n]] }));
}

async function brokenRelease({ market, ann }: Scene): Promise<void> {
  const [cheap] = market.items as [Item];
  const releases = (packet: Buffer) => packet.includes("update reservations set state");
  const filter = resetOnce({ at: releases });
  await interrupted(market, { from: "goods", filter }, async () => {
    const orderId = idOf(await ann.place({ lines: [[cheap, 2n]] }));
    if (orderId !== undefined) await ann.cancel(orderId);
  });
}

async function lostAnswer({ market, ann }: Scene): Promise<void> {
  const [cheap, middle] = market.items as [Item, Item];
  const placed = await ann.place({
    lines: [
      [cheap, 1n],
      [middle, 2n],
    ],
  });
  const orderId = await paid(ann, placed);
  if (orderId === undefined) return;
  await market.system.sandbox.faults({ lose_answers: 1 });
  await ann.refund(orderId, { lines: [{ goodsId: cheap.goodsId, quantity: 1n }] });
  await untilRefunded(ann, orderId);
  await market.system.sandbox.faults();
}

async function takenBack({ market, ann }: Scene): Promise<void> {
  const [cheap, middle] = market.items as [Item, Item];
  const placed = await ann.place({
    lines: [
      [cheap, 1n],
      [middle, 1n],
    ],
  });
  const orderId = await paid(ann, placed);
  if (orderId === undefined) return;
  await ann.refund(orderId, { lines: [{ goodsId: cheap.goodsId, quantity: 1n }] });
  await untilRefunded(ann, orderId);
  const { refundId } = (await ann.look(orderId))?.refunds[0] ?? {};
  if (refundId === undefined) return;
  await market.system.sandbox.decideRefund(refundId, "failed");
  await eventually(async () => {
    const { refunds } = await market.system.sandbox.state();
    return refunds.some((one) => one.refundId === `${refundId}-2` && one.state === "succeeded");
  });
  await untilRefunded(ann, orderId);
}

async function forgery({ market, ann }: Scene): Promise<void> {
  const [cheap] = market.items as [Item];
  const orderId = idOf(await ann.place({ lines: [[cheap, 1n]] }));
  const paymentId = orderId && idOf(await ann.openPayment(orderId));
  if (paymentId) await market.system.sandbox.send(paymentId, { kind: "amount" });
}

async function lastMoment({ market, ann }: Scene): Promise<void> {
  const { system } = market;
  const [cheap] = market.items as [Item];
  const orderId = idOf(await ann.place({ lines: [[cheap, 1n]] }));
  const paymentId = orderId && idOf(await ann.openPayment(orderId));
  if (!paymentId) return;
  await system.sandbox.faults({ delay_ms: LATE_MS });
  await system.sql(
    "pay",
    "update payments set next_check = now(3) + interval 10 second where order_id = ?",
    [orderId],
  );
  await ann.pay({ orderId, paymentId });
  await system.sql(
    "order",
    "update orders set pay_deadline = now(3), expiry_time = now(3) where order_id = ?",
    [orderId],
  );
  await eventually(async () => {
    const order = await ann.look(orderId);
    return order?.payStatus === PayStatus.PAID || (order?.cancelReason ?? 0) !== 0;
  });
  await system.sandbox.faults();
}

/**
 * Pays an order and waits until the shop has recorded it. Returns the order's id, or undefined when
 * that did not happen.
 */
async function paid(person: Shopper, placed: Operation): Promise<bigint | undefined> {
  const orderId = idOf(placed);
  const paymentId = orderId && idOf(await person.openPayment(orderId));
  if (!paymentId) return undefined;
  await person.pay({ orderId, paymentId });
  const isPaid = async () => (await person.look(orderId))?.payStatus === PayStatus.PAID;
  return (await eventually(isPaid)) ? orderId : undefined;
}

async function untilRefunded(person: Shopper, orderId: bigint): Promise<void> {
  await eventually(async () => {
    const order = await person.look(orderId);
    return order?.refunds.every(({ finishTime }) => finishTime !== undefined) === true;
  });
}

/** Waits until `isTrue`. A mutated shop may never get there; then the scenario continues. */
async function eventually(isTrue: () => Promise<boolean>): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (await isTrue()) return true;
    await pause(LOOK_EVERY_MS);
  }
  return false;
}

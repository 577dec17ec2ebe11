import { setTimeout as pause } from "node:timers/promises";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Random } from "../../../testbed/random.ts";
import { idOf, type Operation, settledAnswer } from "./history.ts";
import type { Item } from "./market.ts";
import type { Shopper } from "./shopper.ts";

type Life = { person: Shopper; items: readonly Item[]; random: Random; signal: AbortSignal };

/** Baskets that may hold what runs out: were it all, a long run would be of refusals only. */
const SCARCE_SHARE = 0.15;
const TRIES = 3;
const RETRY_PAUSE_MS = 400;
const PAID_LOOKS = 12;
const PAID_LOOK_EVERY_MS = 250;

/** One order from the basket to wherever it goes; returns early where the shopper is stopped or gets no answer. */
export async function oneOrder(life: Life): Promise<void> {
  const { person, random } = life;
  const placed = await placeSomething(life);
  const orderId = idOf(placed);
  if (orderId === undefined) return;
  if (random.chance(0.1)) await placed.ask();
  if (random.chance(0.05)) await person.reuseKey(placed);
  if (random.chance(0.1)) return;
  if (random.chance(0.12)) {
    await insist(life, await person.cancel(orderId));
    return;
  }
  if (!(await payFor(life, orderId))) return;
  await afterPayment(life, { orderId, lines: placed.request.lines });
}

async function placeSomething(life: Life) {
  const { person, items, random } = life;
  const scarce = random.chance(SCARCE_SHARE);
  const shelf = items.filter((item) => scarce || !item.isScarce);
  const basket = random.some(shelf, random.between(1, 3));
  const lines = basket.map((item): [Item, bigint] => [item, BigInt(random.between(1, 4))]);
  const couponId = random.chance(0.3) ? await person.getCoupon() : undefined;
  const goods = lines.reduce((sum, [item, quantity]) => sum + item.unitPriceCents * quantity, 0n);
  const all = goods < 10_000n ? goods + 1_000n : goods;
  // With the whole amount from the balance an order is paid at once.
  const spends = random.pick([0n, 0n, 500n, couponId === undefined ? all : 300n]);
  const balanceCents = spends > all - 200n && couponId !== undefined ? 0n : spends;
  const placed = await person.place({ lines, couponId, balanceCents });
  if (random.chance(0.05)) await Promise.all([placed.ask(), placed.ask()]);
  await insist(life, placed);
  // A refusal is for ever.
  if (settledAnswer(placed)?.kind === "refused" && random.chance(0.3)) await placed.ask();
  return placed;
}

/** False where it is not paid, or not known to be. */
async function payFor(life: Life, orderId: bigint): Promise<boolean> {
  const { person, random } = life;
  if ((await person.look(orderId))?.payStatus !== PayStatus.PAID) {
    const opened = await insist(life, await person.openPayment(orderId));
    const paymentId = idOf(opened);
    if (paymentId === undefined) return false;
    if (random.chance(0.08)) return false;
    const paying = person.pay({ orderId, paymentId });
    // Of two that meet, one wins.
    if (random.chance(0.06)) await insist(life, await person.cancel(orderId));
    await insist(life, await paying);
  }
  return untilPaid(life, orderId);
}

async function untilPaid({ person, signal }: Life, orderId: bigint): Promise<boolean> {
  for (let look = 0; look < PAID_LOOKS && !signal.aborted; look += 1) {
    const order = await person.look(orderId);
    if (order?.payStatus === PayStatus.PAID) return true;
    await pause(PAID_LOOK_EVERY_MS);
  }
  return false;
}

async function afterPayment(
  life: Life,
  { orderId, lines }: { orderId: bigint; lines: { goodsId: bigint; quantity: bigint }[] },
): Promise<void> {
  const { person, random } = life;
  const [first] = lines;
  if (first && random.chance(0.3)) {
    const part = [{ goodsId: first.goodsId, quantity: 1n }];
    const refund = await insist(life, await person.refund(orderId, part));
    if (random.chance(0.3)) await refund.ask();
  }
  if (random.chance(0.5)) await insist(life, await person.ship(orderId));
  if (random.chance(0.4)) await insist(life, await person.receive(orderId));
  if (random.chance(0.25)) await insist(life, await person.refund(orderId));
}

/** Asks again a few times while there is no answer; what stays unknown is asked again when all is mended. */
async function insist<E extends Operation>({ signal }: Life, operation: E): Promise<E> {
  for (let tries = 1; tries < TRIES && !signal.aborted && !settledAnswer(operation); tries += 1) {
    await pause(RETRY_PAUSE_MS);
    await operation.ask();
  }
  return operation;
}

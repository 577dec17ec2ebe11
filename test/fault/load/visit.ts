import { setTimeout as pause } from "node:timers/promises";
import { PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Random } from "../../../testbed/random.ts";
import { idOf, type Operation, settledAnswer } from "./history.ts";
import type { Item } from "./market.ts";
import type { Shopper } from "./shopper.ts";
import { PROVIDERS, type ProviderName } from "./wallet.ts";

type Visit = { person: Shopper; items: readonly Item[]; random: Random; signal: AbortSignal };

/**
 * The share of baskets that may contain scarce items: with more, a long run would consist of
 * refusals.
 */
const SCARCE_SHARE = 0.15;
/** Less than any order of the load costs. */
const GOODWILL_CENTS = 70n;
const TRIES = 3;
const RETRY_PAUSE_MS = 400;
const PAID_LOOKS = 12;
const PAID_LOOK_EVERY_MS = 250;

/**
 * Plays one order from the basket to its end. Returns early when the load stops or an answer is
 * missing.
 */
export async function oneOrder(visit: Visit): Promise<void> {
  const { person, random } = visit;
  const placed = await placeSomething(visit);
  const orderId = idOf(placed);
  if (orderId === undefined) return;
  if (random.chance(0.1)) await placed.ask();
  if (random.chance(0.05)) await person.reuseKey(placed);
  if (random.chance(0.1)) return;
  if (random.chance(0.12)) {
    await untilAnswered(visit, await person.cancel(orderId));
    return;
  }
  const providers = await payFor(visit, orderId);
  if (providers === undefined) return;
  await afterPayment(visit, { orderId, lines: placed.request.lines, providers });
}

async function placeSomething(visit: Visit) {
  const { person, items, random } = visit;
  const scarce = random.chance(SCARCE_SHARE);
  const shelf = items.filter((item) => scarce || !item.isScarce);
  const basket = random.some(shelf, random.between(1, 3));
  const lines = basket.map((item): [Item, bigint] => [item, BigInt(random.between(1, 4))]);
  const couponId = random.chance(0.3) ? await person.getCoupon() : undefined;
  const goods = lines.reduce((sum, [item, quantity]) => sum + item.unitPriceCents * quantity, 0n);
  const all = goods < 10_000n ? goods + 1_000n : goods;
  // An order whose whole amount comes from the balance is paid at once.
  const spends = random.pick([0n, 0n, 500n, couponId === undefined ? all : 300n]);
  const balanceCents = spends > all - 200n && couponId !== undefined ? 0n : spends;
  const placed = await person.place({ lines, couponId, balanceCents });
  if (random.chance(0.05)) await Promise.all([placed.ask(), placed.ask()]);
  await untilAnswered(visit, placed);
  // A refusal is final.
  if (settledAnswer(placed)?.kind === "refused" && random.chance(0.3)) await placed.ask();
  return placed;
}

/**
 * Resolves to the providers that were paid; to undefined when the order is not paid, or not known
 * to be.
 */
async function payFor(visit: Visit, orderId: bigint): Promise<ProviderName[] | undefined> {
  const { person, random } = visit;
  const providers = random.some(PROVIDERS, random.chance(0.06) ? 2 : 1);
  if ((await person.look(orderId))?.payStatus !== PayStatus.PAID) {
    const opened: bigint[] = [];
    for (const provider of providers) {
      const opening = await untilAnswered(visit, await person.openPayment(orderId, provider));
      const paymentId = idOf(opening);
      if (paymentId === undefined) return undefined;
      opened.push(paymentId);
    }
    if (random.chance(0.08)) return undefined;
    // Two tabs with two providers: the order keeps one payment, and the other one goes back.
    const paying = Promise.all(opened.map((paymentId) => person.pay({ orderId, paymentId })));
    // Payment and cancellation race; one wins.
    if (random.chance(0.06)) await untilAnswered(visit, await person.cancel(orderId));
    for (const payment of await paying) await untilAnswered(visit, payment);
  }
  return (await untilPaid(visit, orderId)) ? providers : undefined;
}

async function untilPaid({ person, signal }: Visit, orderId: bigint): Promise<boolean> {
  for (let look = 0; look < PAID_LOOKS && !signal.aborted; look += 1) {
    const order = await person.look(orderId);
    if (order?.payStatus === PayStatus.PAID) return true;
    await pause(PAID_LOOK_EVERY_MS);
  }
  return false;
}

async function afterPayment(
  visit: Visit,
  {
    orderId,
    lines,
    providers,
  }: {
    orderId: bigint;
    lines: { goodsId: bigint; quantity: bigint }[];
    providers: readonly ProviderName[];
  },
): Promise<void> {
  const { person, random } = visit;
  const [first] = lines;
  // A second refund at WeChat Pay has to wait for a minute, which would only make a run longer.
  let refundsLeft = providers.includes("wechatpay") ? 1 : 3;
  const refunds = (probability: number) => {
    if (!random.chance(probability) || refundsLeft === 0) return false;
    refundsLeft -= 1;
    return true;
  };
  if (first && refunds(0.3)) {
    const part = [{ goodsId: first.goodsId, quantity: 1n }];
    const refund = await untilAnswered(visit, await person.refund(orderId, { lines: part }));
    if (random.chance(0.3)) await refund.ask();
  }
  if (refunds(0.2)) {
    const goodwill = await person.refund(orderId, { goodwillCents: GOODWILL_CENTS });
    await untilAnswered(visit, goodwill);
  }
  if (random.chance(0.5)) await untilAnswered(visit, await person.ship(orderId));
  if (random.chance(0.4)) await untilAnswered(visit, await person.receive(orderId));
  if (refunds(0.25)) await untilAnswered(visit, await person.refund(orderId));
}

/**
 * Asks again a few times while there is no answer. What stays unknown is asked again when all is
 * healed.
 */
async function untilAnswered<E extends Operation>({ signal }: Visit, operation: E): Promise<E> {
  for (let tries = 1; tries < TRIES && !signal.aborted && !settledAnswer(operation); tries += 1) {
    await pause(RETRY_PAUSE_MS);
    await operation.ask();
  }
  return operation;
}

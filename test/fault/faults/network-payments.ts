import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { Fault, ScriptContext } from "../fault.ts";
import { idOf } from "../load/history.ts";
import { type Shopper, shopper } from "../load/shopper.ts";
import { restartEach, sleep } from "./steps.ts";

const AT_ONCE = 8;
const LOOK_EVERY_MS = 100;

/**
 * Places orders that the provider has to be paid for, each by the next shopper. Returns the
 * acknowledged ones.
 */
async function placeOrders(
  { market }: ScriptContext,
  count: number,
): Promise<{ person: Shopper; orderId: bigint }[]> {
  const [item] = market.items;
  if (!item) throw new Error("the market has no items");
  const placed: { person: Shopper; orderId: bigint }[] = [];
  const jobs = Array.from({ length: count }, (_, index) => index);
  await pMap(
    jobs,
    async (index) => {
      const userId = market.userIds[index % market.userIds.length] as bigint;
      const person = shopper(market, userId);
      const orderId = idOf(await person.place({ lines: [[item, 1n]] }));
      if (orderId !== undefined) placed.push({ person, orderId });
    },
    { concurrency: AT_ONCE },
  );
  return placed;
}

type Opened = { person: Shopper; orderId: bigint; paymentId: bigint };

async function openPayments(context: ScriptContext, count: number): Promise<Opened[]> {
  const opened: Opened[] = [];
  await pMap(
    await placeOrders(context, count),
    async ({ person, orderId }) => {
      const paymentId = idOf(await person.openPayment(orderId));
      if (paymentId !== undefined) opened.push({ person, orderId, paymentId });
    },
    { concurrency: AT_ONCE },
  );
  return opened;
}

const LATE_ORDERS = 40;
/** The deadline of a payment, and a wait past it. */
const DEADLINE_SECONDS = 10;
const PAST_DEADLINE_MS = (DEADLINE_SECONDS + 8) * 1_000;
const SHORT_DEADLINE = { env: { SHOP_PAY_DEADLINE_SECONDS: String(DEADLINE_SECONDS) } };

/**
 * The shop can neither receive callbacks nor query payments until they are overdue; afterwards shop
 * and provider must agree.
 */
export const paidLate: Fault = {
  name: "paid-late",
  catalogue: ["F67", "F70"],
  what: "shoppers pay at the last moment; no callback arrives and the provider is unreachable until their orders are overdue",
  topology: SHORT_DEADLINE,
  async run(context) {
    const { system, log, injected, signal } = context;
    const opened = await openPayments(context, LATE_ORDERS);
    const away = [
      ...system.edges.select({ from: "pay", to: "sandbox" }),
      ...system.edges.select({ from: "sandbox", to: "gateway" }),
    ];
    for (const edge of away) edge.set({ kind: "reset" });
    await pMap(
      opened,
      async ({ person, orderId, paymentId }) => {
        await person.pay({ orderId, paymentId });
      },
      { concurrency: AT_ONCE },
    );
    injected(opened.length);
    log(`${opened.length} orders are paid, and no callback arrives`);
    // Some shoppers cancel meanwhile.
    const impatient = opened.filter((_, index) => index % 4 === 0);
    await pMap(
      impatient,
      async ({ person, orderId }) => {
        await person.cancel(orderId);
      },
      { concurrency: AT_ONCE },
    );
    await sleep(PAST_DEADLINE_MS, signal);
    for (const edge of away) edge.mend();
  },
};

const MANY_ORDERS = 300;
const EXPIRE_IN_SECONDS = 5;

export const thunderingExpiry: Fault = {
  name: "thundering-expiry",
  catalogue: ["F75"],
  what: "300 orders, half of them with an open payment, expire in the same second",
  async run(context) {
    const { system, log, injected, signal } = context;
    const placed = await placeOrders(context, MANY_ORDERS);
    await pMap(
      placed.filter((_, index) => index % 2 === 0),
      async ({ person, orderId }) => {
        await person.openPayment(orderId);
      },
      { concurrency: AT_ONCE },
    );
    await system.sql(
      "order",
      `update orders set expiry_time = now(3) + interval ${EXPIRE_IN_SECONDS} second,
         pay_deadline = now(3) + interval ${EXPIRE_IN_SECONDS} second
       where order_status = 2 and pay_status = 1 and order_id in (?)`,
      [placed.map(({ orderId }) => orderId)],
    );
    log(`${placed.length} orders expire in the same second, except those that are paid`);
    injected(placed.length);
    await sleep(EXPIRE_IN_SECONDS * 1_000, signal);
  },
};

const EARLY_PAYMENTS = 4;
const KNOWN_WITHIN_MS = 20_000;

/**
 * The callback arrives before the shop has stored the provider's reply to the creation of the
 * payment.
 */
export const callbackFirst: Fault = {
  name: "callback-first",
  catalogue: ["F66"],
  what: "a payment is paid and its callback arrives before the pay service has committed that it was created",
  async run(context) {
    const { system, injected, log } = context;
    const pays = system.programs.filter(({ kind }) => kind === "pay");
    const orders = await placeOrders(context, EARLY_PAYMENTS);
    await restartEach(pays, { env: { SHOP_FAILPOINT: "begin:store-checkout:1:hang" } });
    for (const { person, orderId } of orders) {
      // One replica hangs, or the other one answers; the provider has a payment in both cases.
      const opening = person.openPayment(orderId);
      const paymentId = await createdAtProvider(context, orderId);
      if (paymentId === undefined) log(`order ${orderId} has no payment at the provider`);
      else {
        await person.pay({ orderId, paymentId });
        injected();
      }
      await opening;
    }
    await restartEach(pays, { signal: "SIGKILL" });
  },
};

async function createdAtProvider(
  { system }: ScriptContext,
  orderId: bigint,
): Promise<bigint | undefined> {
  for (const untilMs = Date.now() + KNOWN_WITHIN_MS; Date.now() < untilMs; ) {
    const rows = await system.sql<{ id: bigint }>(
      "pay",
      "select payment_id as id from payments where order_id = ?",
      [orderId],
    );
    const { payments } = await system.sandbox.state();
    const found = rows.find(({ id }) => payments.some((one) => one.paymentId === String(id)));
    if (found) return found.id;
    await pause(LOOK_EVERY_MS);
  }
  return undefined;
}

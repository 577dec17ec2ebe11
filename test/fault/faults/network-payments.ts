import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { Fault, ScriptContext } from "../fault.ts";
import { idOf } from "../load/history.ts";
import { type Shopper, shopper } from "../load/shopper.ts";
import { restartEach, sleep } from "./steps.ts";

const AT_ONCE = 8;
const LOOK_EVERY_MS = 100;

/** Orders that cost something at the platform, each by the next shopper; those that were not acknowledged are left out. */
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

async function openPayments(course: ScriptContext, count: number): Promise<Opened[]> {
  const opened: Opened[] = [];
  await pMap(
    await placeOrders(course, count),
    async ({ person, orderId }) => {
      const paymentId = idOf(await person.openPayment(orderId));
      if (paymentId !== undefined) opened.push({ person, orderId, paymentId });
    },
    { concurrency: AT_ONCE },
  );
  return opened;
}

const LATE_ORDERS = 40;
/** Longer than the shop waits for a payment. */
const DEADLINE_SECONDS = 10;
const PAST_DEADLINE_MS = (DEADLINE_SECONDS + 8) * 1_000;
const SHORT_DEADLINE = { env: { SHOP_PAY_DEADLINE_SECONDS: String(DEADLINE_SECONDS) } };

/** The shop can neither hear of the payments nor ask until they are overdue: one truth must come of it all the same. */
export const paidLate: Fault = {
  name: "paid-late",
  catalogue: ["F67", "F70"],
  what: "shoppers pay at the last moment; no callback comes and the platform is away until their orders are overdue",
  topology: SHORT_DEADLINE,
  async run(course) {
    const { system, log, injected, signal } = course;
    const opened = await openPayments(course, LATE_ORDERS);
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
    log(`${opened.length} orders are paid, and the shop hears nothing of it`);
    // Some give up meanwhile.
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
  what: "some hundred orders, half of them with an open payment, expire in the same second under load",
  async run(course) {
    const { system, log, injected, signal } = course;
    const placed = await placeOrders(course, MANY_ORDERS);
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
    log(`${placed.length} orders expire in the same second, but for those that are paid already`);
    injected(placed.length);
    await sleep(EXPIRE_IN_SECONDS * 1_000, signal);
  },
};

const EARLY_PAYMENTS = 4;
const KNOWN_WITHIN_MS = 20_000;

/** The shop has not written down yet what the platform answered, and is told already that the shopper has paid. */
export const callbackFirst: Fault = {
  name: "callback-first",
  catalogue: ["F66"],
  what: "a payment is paid and called back before the pay service has committed that it was created at the platform",
  async run(course) {
    const { system, injected, log } = course;
    const pays = system.programs.filter(({ kind }) => kind === "pay");
    const orders = await placeOrders(course, EARLY_PAYMENTS);
    await restartEach(pays, { env: { SHOP_FAILPOINT: "begin:store-checkout:1:hang" } });
    for (const { person, orderId } of orders) {
      // It hangs, or the other replica answers; at the platform there is a payment in any case.
      const opening = person.openPayment(orderId);
      const paymentId = await atThePlatform(course, orderId);
      if (paymentId === undefined) log(`order ${orderId} has no payment at the platform`);
      else {
        await person.pay({ orderId, paymentId });
        injected();
      }
      await opening;
    }
    await restartEach(pays, { signal: "SIGKILL" });
  },
};

async function atThePlatform(
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

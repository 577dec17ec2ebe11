import { setTimeout as pause } from "node:timers/promises";
import { CancelReason } from "#proto/shop/order/v1/order_pb.ts";
import { type Clock, clearClocks, clockIn, underClock } from "../../../testbed/system/clocks.ts";
import type { Program } from "../../../testbed/system/programs.ts";
import type { Fault } from "../fault.ts";
import { idOf, operationsOf } from "../load/history.ts";
import type { Market } from "../load/market.ts";
import { restartEach, servicesOf } from "./steps.ts";

const HOUR = 3_600;
const HELD_MS = [3_000, 8_000] as const;
const AFTERWARDS_MS = 3_000;

/** Tolerance for the shop's own measurement, and for an answer in flight. */
const TOLERANCE_SECONDS = 10;

/** Throws when an order was cancelled as unpaid before its deadline by the true time. */
async function noneClosedEarly({ system, history }: Market): Promise<void> {
  const rows = await system.sql<{ orderId: bigint }>(
    "order",
    `select order_id as orderId from orders where cancel_reason = ${CancelReason.PAYMENT_TIMEOUT}`,
  );
  const closed = new Set(rows.map(({ orderId }) => orderId));
  const withinMs = (system.settings.payDeadlineSeconds - TOLERANCE_SECONDS) * 1_000;
  const early = operationsOf(history, "place").flatMap((placed) => {
    const orderId = idOf(placed);
    const ageMs = Date.now() - (placed.attempts[0]?.askedMs ?? 0);
    if (orderId === undefined || !closed.has(orderId) || ageMs > withinMs) return [];
    return [`${orderId} after ${Math.round(ageMs / 1_000)} s`];
  });
  if (early.length > 0) throw new Error(`cancelled before the deadline: ${early.join(", ")}`);
}

/**
 * The shop uses the database's clock, which may jump when the machine's clock is set. Nothing may
 * be lost by that, and no new order may be cancelled because an hour seems to have passed.
 */
export const databaseClock: Fault = {
  name: "database-clock",
  catalogue: ["F29"],
  what: "the database's clock jumps an hour ahead and back, and an hour back and ahead",
  needs: ["linux", "faketime"],
  async run({ system, market, random, load, log, injected, judge }) {
    const { database, directory } = system;
    const clock = clockIn(directory, "database");
    const before = database.prefix;
    const restartDatabase = async (prefix: string[]) => {
      await database.kill();
      database.prefix = prefix;
      await database.start();
      await load?.acknowledged(5);
    };
    await restartDatabase([...underClock(clock), ...before]);
    try {
      for (const hours of random.some([1, -1], 2)) {
        log(`the database's clock jumps by ${hours} h`);
        clock.set(hours * HOUR);
        await pause(random.between(...HELD_MS));
        await noneClosedEarly(market);
        clock.set(0);
        injected();
        await pause(AFTERWARDS_MS);
        await noneClosedEarly(market);
        await judge(`a jump by ${hours} h`);
      }
    } finally {
      clock.set(0);
      await database.kill();
      database.prefix = before;
      clearClocks();
      await database.start();
    }
  },
};

/** Restarts the first replicas, then the second ones, so that one of each is always up. */
async function restartByReplica(
  programs: readonly Program[],
  envOf: (program: Program) => Record<string, string> = () => ({}),
): Promise<void> {
  const replica = ({ name }: Program) => name.slice(-1);
  for (const together of Map.groupBy(programs, replica).values()) {
    await Promise.all(together.map((program) => restartEach([program], { env: envOf(program) })));
  }
}

const AHEAD_SECONDS = [-10, 3_600, -10, 30] as const;

/** Replicas whose machines disagree about the time, one of them by an hour. */
export const serviceClocks: Fault = {
  name: "service-clocks",
  catalogue: ["F73"],
  what: "the clocks of replicas differ, from 10 s behind to an hour ahead, and jump while they run",
  needs: ["linux", "faketime"],
  async run({ system, random, load, log, injected }) {
    const services = servicesOf(system);
    const chosen = random.some(services, random.between(2, services.length));
    const clocks = new Map<string, Clock>();
    for (const { name } of chosen) clocks.set(name, clockIn(system.directory, name));
    await restartByReplica(chosen, ({ name }) => clocks.get(name)?.env ?? {});
    for (const [name, clock] of clocks) {
      const ahead = random.pick(AHEAD_SECONDS);
      log(`${name} is ${ahead} s ahead`);
      clock.set(ahead);
      injected();
      await pause(random.between(0, 500));
    }
    await pause(random.between(...HELD_MS));
    for (const clock of clocks.values()) clock.set(0);
    await load?.acknowledged(10);
    await restartByReplica(chosen);
    clearClocks();
  },
};

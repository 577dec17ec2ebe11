import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import {
  atTheDatabase,
  endConnections,
  meanwhile,
  type SideSession,
} from "../../../testbed/system/side-session.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault, FaultContext } from "../fault.ts";
import type { Market } from "../load/market.ts";
import { shopper } from "../load/shopper.ts";

/** Rows that every order locks, and the key by which the shop orders its locks. */
const CONTESTED = [
  { service: "goods", table: "goods", key: "goods_id" },
  { service: "user", table: "users", key: "user_id" },
] as const;

/** Locks the rows of each table one by one, in the reverse of the shop's order. */
async function lockBackwards(system: System, session: SideSession, pausesMs: () => number) {
  for (const { service, table, key } of CONTESTED) {
    const name = `${system.namespace}_${service}.${table}`;
    const rows = await session.run<{ id: string }>(
      `select ${key} as id from ${name} order by ${key} desc limit 20`,
    );
    await session.run("begin");
    try {
      for (const { id } of rows) {
        // The server chooses the lighter transaction as the victim; this one writes, but changes
        // nothing.
        await session.run(`update ${name} set ${key} = ${key} where ${key} = ?`, [id]);
        await pause(pausesMs());
      }
    } finally {
      await session.run("rollback");
    }
  }
}

function backwards({ system, random }: Pick<FaultContext, "system" | "random">) {
  const own = random.fork("backwards");
  return meanwhile(system, (session) => lockBackwards(system, session, () => own.between(0, 8)));
}

async function deadlocks(system: System): Promise<number> {
  const [row] = await atTheDatabase(system, (session) =>
    session.run<{ Value: string }>("show global status like 'Innodb_deadlocks'"),
  );
  return Number(row?.Value ?? 0);
}

const BASKETS = 50;
const ROUNDS = 4;

/** Places orders of all shoppers at once, half of them with the basket reversed. */
async function oppositeBaskets(market: Market): Promise<void> {
  const jobs = Array.from({ length: BASKETS }, (_, index) => index);
  await pMap(
    jobs,
    async (index) => {
      const userId = market.userIds[index % market.userIds.length] as bigint;
      const items = index % 2 === 0 ? market.items : market.items.toReversed();
      const lines = items.slice(0, 6).map((item): [typeof item, bigint] => [item, 1n]);
      const placed = await shopper(market, userId).place({ lines, balanceCents: 300n });
      for (
        let tries = 1;
        tries < 3 && placed.attempts.at(-1)?.answer.kind === "unknown";
        tries += 1
      )
        await placed.ask();
    },
    { concurrency: BASKETS },
  );
}

export const deadlockStorm: Fault = {
  name: "deadlock-storm",
  catalogue: ["F24"],
  what: "50 baskets at once with lines in opposite order, while side sessions lock the same rows in reverse",
  async run({ system, market, random, log, injected, signal }) {
    const before = await deadlocks(system);
    const storm = [backwards({ system, random }), backwards({ system, random: random.fork(2) })];
    for (let round = 1; round <= ROUNDS && !signal.aborted; round += 1) {
      await oppositeBaskets(market);
      injected(BASKETS);
    }
    await Promise.all(storm.map((one) => one.stop()));
    log(`${(await deadlocks(system)) - before} deadlocks`);
  },
  holdMs: [2_000, 10_000],
  async inject({ system, random, log }) {
    const before = await deadlocks(system);
    const storm = backwards({ system, random });
    log("locks rows in reverse order");
    return async () => {
      await storm.stop();
      log(`${Math.max((await deadlocks(system)) - before, 0)} deadlocks`);
    };
  },
};

/** Longer than innodb_lock_wait_timeout of the services. */
const LOCKED_MS = [6_000, 14_000] as const;

export const lockWait: Fault = {
  name: "lock-wait-timeout",
  catalogue: ["F25"],
  what: "a side session locks all rows of a table for longer than the lock wait timeout",
  holdMs: LOCKED_MS,
  async inject({ system, random, log }) {
    const table = random.pick(["goods.goods", "user.users", "order.orders", "pay.payments"]);
    const name = `${system.namespace}_${table}`;
    let held: SideSession | undefined;
    const holding = meanwhile(system, async (session, isOver) => {
      await session.run("begin");
      await session.run(`select count(*) from ${name} for update`);
      held ??= session;
      while (!isOver()) await pause(50);
      await session.run("rollback");
    });
    log(`locks all rows of ${table}`);
    return async () => {
      await holding.stop();
      if (!held) log("never got the locks");
    };
  },
};

const TO = (value: "on" | "off") => `set global innodb_snapshot_isolation = ${value}`;

export const snapshotConflict: Fault = {
  name: "snapshot-conflict",
  catalogue: ["F27"],
  what: "innodb_snapshot_isolation is on, the default of newer MariaDBs, and other sessions change the same rows",
  holdMs: [3_000, 8_000],
  async inject({ system, random, log }) {
    const isKnown = await atTheDatabase(system, async (session) => {
      const [known] = await session.run("show variables like 'innodb_snapshot_isolation'");
      if (!known) return false;
      await session.run(TO("on"));
      await endConnections(system, session);
      return true;
    });
    log(isKnown ? "snapshot isolation is on" : "this server has no snapshot isolation");
    const others = backwards({ system, random });
    return async () => {
      await others.stop();
      if (!isKnown) return;
      await atTheDatabase(system, async (session) => {
        await session.run(TO("off"));
        await endConnections(system, session);
      });
    };
  },
};

import { setTimeout as pause } from "node:timers/promises";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { atTheDatabase, type SideSession } from "../../../testbed/system/side-session.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault } from "../fault.ts";
import { brokenRules } from "../judge/books.ts";
import { STATUS } from "../judge/facts.ts";
import { type History, idOf, operationsOf } from "../load/history.ts";
import { type Load, startLoad } from "../load/load.ts";

/** What the shop may do about it by itself, which must be nothing, it gets the time to do. */
const LOOKED_ON_MS = 8_000;
const ORDERS = 10;
/** Each line of each order that was placed meanwhile may be one. */
const BREACHES_AT_MOST = 1_000;
/** An order that is kept has something in these, so that none of it there is a breach. */
const HAVE_ALL: readonly ServiceName[] = ["order", "goods"];

const nameOf = ({ namespace }: System, service: ServiceName, copy: string) =>
  `${namespace}_${copy}_${service}`;

/** All rows of one schema at one moment, kept in a schema beside it. */
async function backUp(system: System, service: ServiceName, copy: string): Promise<void> {
  const from = `${system.namespace}_${service}`;
  const to = nameOf(system, service, copy);
  await atTheDatabase(system, async (session) => {
    await session.run(`drop database if exists ${to}`);
    await session.run(`create database ${to}`);
    const tables = await tablesOf(session, from);
    for (const table of tables)
      await session.run(`create table ${to}.${table} like ${from}.${table}`);
    // Under REPEATABLE READ each row that is read stays locked until the end: one moment for all tables.
    await session.run("set session transaction isolation level repeatable read");
    await session.run("begin");
    for (const table of tables) {
      await session.run(await copying(session, { from, to, table }));
    }
    await session.run("commit");
  });
}

async function putBack(system: System, service: ServiceName, copy: string): Promise<void> {
  const from = nameOf(system, service, copy);
  const to = `${system.namespace}_${service}`;
  await atTheDatabase(system, async (session) => {
    await session.run("set session foreign_key_checks = 0");
    await session.run("begin");
    for (const table of await tablesOf(session, from)) {
      await session.run(`delete from ${to}.${table}`);
      await session.run(await copying(session, { from, to, table }));
    }
    await session.run("commit");
  });
}

/** Columns that the database computes are not written. */
async function copying(
  session: SideSession,
  { from, to, table }: { from: string; to: string; table: string },
): Promise<string> {
  const rows = await session.run<{ name: string }>(
    `select column_name as name from information_schema.columns
     where table_schema = ? and table_name = ? and coalesce(generation_expression, '') = ''`,
    [from, table],
  );
  const columns = rows.map(({ name }) => name).join(", ");
  return `insert into ${to}.${table} (${columns}) select ${columns} from ${from}.${table}`;
}

async function tablesOf(session: SideSession, schema: string): Promise<string[]> {
  const rows = await session.run<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = ?",
    [schema],
  );
  return rows.map(({ name }) => name);
}

/** A person stops a service, puts the backup in, and starts it again. */
async function restore(system: System, service: ServiceName, copy: string): Promise<void> {
  const replicas = system.programs.filter(({ kind }) => kind === service);
  for (const replica of replicas) await replica.end("SIGTERM");
  await putBack(system, service, copy);
  for (const replica of replicas) await replica.start();
}

async function keptOrders({ sql }: System): Promise<bigint[]> {
  const { CONFIRMED, COMPLETED } = STATUS;
  const rows = await sql<{ order_id: bigint }>(
    "order",
    `select order_id from orders where order_status in (${CONFIRMED}, ${COMPLETED})`,
  );
  return rows.map(({ order_id }) => order_id);
}

const placed = (history: History) =>
  new Set(operationsOf(history, "place").flatMap((operation) => idOf(operation) ?? []));

/**
 * What was acknowledged after the backup is gone from one schema and still there in the others. The audit has to name
 * orders of that time and of no other, and nobody may make the books agree by inventing or forgetting money: once the
 * right data are back, all must be as if nothing had been.
 */
export const restoredSchema: Fault = {
  name: "restored-schema",
  catalogue: ["F28"],
  what: "one service's schema is put back to an older backup: the audit names the gap, and nothing mends it silently",
  // Nothing may happen by itself while the wrong data are in, or the right ones would lack it.
  topology: { env: { SHOP_PAY_DEADLINE_SECONDS: "3600" } },
  load: false,
  async run({ system, market, random, log, injected, judge }) {
    const service = random.pick(SERVICES);
    const ordersOf = async (label: string) => {
      const load: Load = startLoad(market, random.fork(label));
      try {
        await load.acknowledged(ORDERS);
      } finally {
        await load.stop();
      }
    };
    await ordersOf("before");
    await judge("orders before the backup");
    const before = placed(market.history);
    await backUp(system, service, "old");
    await ordersOf("after");
    await judge("orders after the backup");
    await backUp(system, service, "right");
    const kept = (await keptOrders(system)).filter((orderId) => !before.has(orderId));
    log(`puts the schema of ${service} back to the backup`);
    injected();
    try {
      await restore(system, service, "old");
      await pause(LOOKED_ON_MS);
      const named = await brokenRules(system, BREACHES_AT_MOST);
      const orders = new Set(named.flatMap((line) => orderIdsIn(line, placed(market.history))));
      const wronglyNamed = [...orders].filter((orderId) => before.has(orderId));
      log(
        `the audit names ${named.length} breaches, ${orders.size} of ${kept.length} orders that are kept`,
      );
      const unnamed = HAVE_ALL.includes(service) ? kept.filter((id) => !orders.has(id)) : [];
      if (orders.size === 0 || unnamed.length > 0) {
        throw new Error(`the audit does not name the gap: ${unnamed.join(", ")}`);
      }
      if (wronglyNamed.length > 0) {
        throw new Error(`orders before the backup are named: ${wronglyNamed.join(", ")}`);
      }
    } finally {
      await restore(system, service, "right");
    }
  },
};

function orderIdsIn(line: string, known: ReadonlySet<bigint>): bigint[] {
  return [...line.matchAll(/\d{15,19}/g)]
    .map(([text]) => BigInt(text))
    .filter((id) => known.has(id));
}

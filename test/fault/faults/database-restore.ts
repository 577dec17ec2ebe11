import { setTimeout as pause } from "node:timers/promises";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { atTheDatabase, type SideSession } from "../../../testbed/system/side-session.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault } from "../fault.ts";
import { brokenRules } from "../judge/books.ts";
import { type History, idOf, operationsOf } from "../load/history.ts";
import { type Load, startLoad } from "../load/load.ts";

/** The time in which the shop could change data without being asked, which it must not. */
const OBSERVED_MS = 8_000;
const ORDERS = 10;
/** Each line of each order after the backup may be a violation. */
const MAX_VIOLATIONS = 1_000;
/** Services in which every kept order has rows, so that each missing order is a violation. */
const HAVE_ALL: readonly ServiceName[] = ["order", "goods"];

const nameOf = ({ namespace }: System, service: ServiceName, copy: string) =>
  `${namespace}_${copy}_${service}`;

/** Copies all rows of a schema, at one moment, to a schema beside it. */
async function backUp(system: System, service: ServiceName, copy: string): Promise<void> {
  const from = `${system.namespace}_${service}`;
  const to = nameOf(system, service, copy);
  await atTheDatabase(system, async (session) => {
    await session.run(`drop database if exists ${to}`);
    await session.run(`create database ${to}`);
    const tables = await tablesOf(session, from);
    for (const table of tables)
      await session.run(`create table ${to}.${table} like ${from}.${table}`);
    // Under REPEATABLE READ each row that is read stays locked until the commit, so that all tables
    // are copied at one moment.
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

/** Copies all columns except generated ones. */
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

/** Restores a backup as an operator would: stop the service, restore, start it again. */
async function restore(system: System, service: ServiceName, copy: string): Promise<void> {
  const replicas = system.programs.filter(({ kind }) => kind === service);
  for (const replica of replicas) await replica.end("SIGTERM");
  await putBack(system, service, copy);
  for (const replica of replicas) await replica.start();
}

async function keptOrders({ sql }: System): Promise<bigint[]> {
  const { CONFIRMED, COMPLETED } = OrderStatus;
  const rows = await sql<{ orderId: bigint }>(
    "order",
    `select order_id as orderId from orders where order_status in (${CONFIRMED}, ${COMPLETED})`,
  );
  return rows.map(({ orderId }) => orderId);
}

const placed = (history: History) =>
  new Set(operationsOf(history, "place").flatMap((operation) => idOf(operation) ?? []));

/**
 * What was acknowledged after the backup is missing from one schema and present in the others. The
 * audit must name orders of that time and no others, and nothing may reconcile the books by
 * inventing or dropping money: once the right data are back, all must be as before.
 */
export const restoredSchema: Fault = {
  name: "restored-schema",
  catalogue: ["F28"],
  what: "one service's schema is restored from an older backup: the audit names the gap, and nothing hides it",
  // No order may expire while the wrong data are in place: the right data would lack it.
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
    log(`restores the schema of ${service} from the backup`);
    injected();
    try {
      await restore(system, service, "old");
      await pause(OBSERVED_MS);
      const named = await brokenRules(system, MAX_VIOLATIONS);
      const orders = new Set(named.flatMap((line) => orderIdsIn(line, placed(market.history))));
      const wronglyNamed = [...orders].filter((orderId) => before.has(orderId));
      log(
        `the audit names ${named.length} violations, and ${orders.size} of ${kept.length} kept orders`,
      );
      const unnamed = HAVE_ALL.includes(service) ? kept.filter((id) => !orders.has(id)) : [];
      if (orders.size === 0 || unnamed.length > 0) {
        throw new Error(`the audit does not name these orders: ${unnamed.join(", ")}`);
      }
      if (wronglyNamed.length > 0) {
        throw new Error(
          `the audit names orders from before the backup: ${wronglyNamed.join(", ")}`,
        );
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

import { createConnection } from "mysql2";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { PLATFORM_PAYMENTS, PLATFORM_REFUNDS } from "./platform.ts";
import type { PlatformSource } from "./platform-source.ts";
import type { Row, Scope } from "./rule.ts";

/** One look at the data. */
export type Look = {
  /** The rows of a select, as they come: what is read past holds no memory. */
  rows(sql: string): AsyncIterable<Row>;
  close(): Promise<void>;
};

const CONNECT_TIMEOUT_MS = 5_000;
const CHUNK = 1_000;

export function schemasOf(namespace: string): Record<ServiceName, string> {
  return Object.fromEntries(
    SERVICES.map((service) => [service, `${namespace}_${service}`]),
  ) as Record<ServiceName, string>;
}

/**
 * One moment of all schemas of the server, and what the platform knows right after it: that may be more than the shop
 * knows yet, never less. The schemas are only read.
 */
export async function openLook(options: {
  url: string;
  scope: Pick<Scope, "pay">;
  platform: PlatformSource | undefined;
}): Promise<Look> {
  const connection = createConnection({
    uri: options.url,
    connectTimeout: CONNECT_TIMEOUT_MS,
    timezone: "Z",
    charset: "utf8mb4",
    typeCast,
  });
  // What goes wrong with the connection is told by the statement that needs it.
  connection.on("error", () => {});
  const run = (sql: string, values?: unknown[]) =>
    new Promise<void>((resolve, reject) => {
      connection.query(sql, values, (error) => (error ? reject(error) : resolve()));
    });
  const close = async () => connection.destroy();
  try {
    await run("set session time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'");
    await run("set session transaction isolation level repeatable read");
    await createPlatformTables(run, options.scope.pay);
    await run("start transaction with consistent snapshot, read only");
    if (options.platform) await fillPlatformTables(run, options.scope.pay, options.platform);
  } catch (error) {
    await close();
    throw error;
  }
  return { rows: (sql) => connection.query(sql).stream({ highWaterMark: CHUNK }), close };
}

type Run = (sql: string, values?: unknown[]) => Promise<unknown>;

/** Tables that only this connection sees, where what the platform knows can be compared row by row. */
export async function createPlatformTables(run: Run, pay: string): Promise<void> {
  const ascii = "character set ascii collate ascii_bin";
  await run(`create temporary table ${pay}.${PLATFORM_PAYMENTS} (
    merchant_trade_id varchar(100) ${ascii} not null primary key, payment_id bigint null,
    trade_id varchar(100) ${ascii} not null, state varchar(20) ${ascii} not null,
    amount_cents bigint not null, currency varchar(10) ${ascii} not null, pay_time datetime(3) null,
    refunded_cents bigint not null, key (payment_id)) engine=InnoDB`);
  await run(`create temporary table ${pay}.${PLATFORM_REFUNDS} (
    merchant_refund_id varchar(100) ${ascii} not null primary key, refund_id bigint null,
    payment_id bigint null, amount_cents bigint not null, state varchar(20) ${ascii} not null,
    key (refund_id)) engine=InnoDB`);
}

export async function fillPlatformTables(
  run: Run,
  pay: string,
  platform: PlatformSource,
): Promise<void> {
  const into = (table: string) =>
    inChunks((rows) => run(`insert into ${pay}.${table} values ?`, [rows]));
  const payments = into(PLATFORM_PAYMENTS);
  const refunds = into(PLATFORM_REFUNDS);
  for await (const entry of platform()) {
    if (entry.kind === "payment") {
      const { paymentId: name, tradeId, state, amountCents, currency } = entry;
      const { payTime, refundedCents } = entry;
      const number = numberOf(name);
      await payments.add([
        name,
        number,
        tradeId,
        state,
        amountCents,
        currency,
        payTime,
        refundedCents,
      ]);
    } else {
      const { refundId: name, paymentId, amountCents, state } = entry;
      await refunds.add([name, numberOf(name), numberOf(paymentId), amountCents, state]);
    }
  }
  await payments.end();
  await refunds.end();
}

/** The shop's number in a name at the platform; a refund that is tried again has "-2" behind it. */
function numberOf(name: string): bigint | null {
  const digits = /^(\d{1,18})(-\d+)?$/.exec(name)?.[1];
  return digits === undefined ? null : BigInt(digits);
}

function inChunks(insert: (rows: unknown[][]) => Promise<unknown>) {
  let rows: unknown[][] = [];
  const end = async () => {
    if (rows.length > 0) await insert(rows);
    rows = [];
  };
  return {
    end,
    async add(row: unknown[]) {
      if (rows.push(row) >= CHUNK) await end();
    },
  };
}

/** BIGINT as bigint; sums, which are decimals, as text. */
export function typeCast(field: { type: string; string(): string | null }, next: () => unknown) {
  if (field.type !== "LONGLONG") return next();
  const text = field.string();
  return text === null ? null : BigInt(text);
}

import { errorNumber } from "#platform/db/errors.ts";
import type { ProviderSource } from "./provider-source.ts";

/**
 * Temporary tables with what the provider knows, so that SQL compares it row by row with the shop.
 * Only the connection that made them sees them. MySQL allows a statement to read each of them once.
 */
export const PROVIDER_PAYMENTS = "audit_provider_payments";
export const PROVIDER_REFUNDS = "audit_provider_refunds";

/** The account may not create temporary tables in the schema. */
const DENIED = new Set([1044, 1142]);

type Run = (sql: string, values?: unknown[]) => Promise<unknown>;

const CHUNK_ROWS = 1_000;

export async function createProviderTables(run: Run, pay: string): Promise<void> {
  const ascii = "character set ascii collate ascii_bin";
  await run(`create temporary table ${pay}.${PROVIDER_PAYMENTS} (
    merchant_trade_id varchar(100) ${ascii} not null primary key, payment_id bigint null,
    trade_id varchar(100) ${ascii} not null, state varchar(20) ${ascii} not null,
    amount_cents bigint not null, currency varchar(10) ${ascii} not null, pay_time datetime(3) null,
    refunded_cents bigint not null, key (payment_id)) engine=InnoDB`);
  await run(`create temporary table ${pay}.${PROVIDER_REFUNDS} (
    merchant_refund_id varchar(100) ${ascii} not null primary key, refund_id bigint null,
    payment_id bigint null, amount_cents bigint not null, state varchar(20) ${ascii} not null,
    key (refund_id)) engine=InnoDB`);
}

/** Whether the account may create the tables. If it may, the connection has them afterwards. */
export async function mayCreateProviderTables(run: Run, pay: string): Promise<boolean> {
  try {
    await createProviderTables(run, pay);
    return true;
  } catch (error) {
    if (DENIED.has(errorNumber(error) ?? 0)) return false;
    throw error;
  }
}

export async function fillProviderTables(
  run: Run,
  pay: string,
  provider: ProviderSource,
): Promise<void> {
  const into = (table: string) =>
    inChunks((rows) => run(`insert into ${pay}.${table} values ?`, [rows]));
  const payments = into(PROVIDER_PAYMENTS);
  const refunds = into(PROVIDER_REFUNDS);
  for await (const entry of provider()) {
    const { paymentId, amountCents, state } = entry;
    if (entry.kind === "payment") {
      const { tradeId, currency, payTime, refundedCents } = entry;
      const keys = [paymentId, numberOf(paymentId), tradeId];
      await payments.add([...keys, state, amountCents, currency, payTime, refundedCents]);
    } else {
      const keys = [entry.refundId, numberOf(entry.refundId), numberOf(paymentId)];
      await refunds.add([...keys, amountCents, state]);
    }
  }
  await payments.end();
  await refunds.end();
}

/** The shop's identifier in a name at the provider; a second attempt at a refund appends "-2". */
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
      if (rows.push(row) >= CHUNK_ROWS) await end();
    },
  };
}

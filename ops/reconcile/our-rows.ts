import type { Connection, RowDataPacket } from "mysql2/promise";
import { PaymentStatus } from "../../services/pay/domain/payment.ts";
import { RefundStatus } from "../../services/pay/domain/refund.ts";
import { identifierOf, refundNumberOf } from "../../services/pay/providers/fields.ts";
import type { StatementRow } from "../../services/pay/providers/statement.ts";
import type { OurRows } from "./compare.ts";
import type { OurDispute } from "./compare-disputes.ts";
import type { OurRefund } from "./compare-refunds.ts";
import type { Bounds, OurPayment } from "./difference.ts";

type Row = RowDataPacket;

/** Which rows of the pay schema are read. */
type Scope = {
  connection: Connection;
  pay: string;
  provider: string;
  /** Whether its statements have disputes. */
  hasDisputes: boolean;
};

const CHUNK = 1_000;
/** Refunds of a day are looked for this much around it, for clocks that differ. */
const AROUND_MS = 3_600_000;

const PAYMENT = `payment_id, order_id, provider_trade_id, amount_cents, currency, status, pay_time`;
const REFUND = `r.refund_id, r.payment_id, r.amount_cents, r.attempt, r.reference, r.status,
  r.create_time, r.finish_time, p.currency`;

/** Reads what the shop has of a provider: the rows of the day, and those the statement names. */
export async function readOurRows(
  scope: Scope,
  statement: readonly StatementRow[],
  { from, to }: Bounds,
): Promise<OurRows> {
  const ids = statement.flatMap(({ paymentNumber }) => identifierOf(paymentNumber) ?? []);
  const trades = statement.map(({ tradeId }) => tradeId).filter((tradeId) => tradeId !== "");
  const refundIds = statement.flatMap(
    ({ refundNumber }) => refundNumberOf(refundNumber)?.refundId ?? [],
  );
  const references = referencesOf(statement, "refund");
  const payments = [
    ...(await paymentsWhere(scope, "pay_time >= ? and pay_time < ?", [from, to])),
    ...(await inChunks(ids, (chunk) => paymentsWhere(scope, "payment_id in (?)", [chunk]))),
    ...(await inChunks(trades, (chunk) =>
      paymentsWhere(scope, "provider_trade_id in (?)", [chunk]),
    )),
  ];
  const around = [
    RefundStatus.SUCCEEDED,
    new Date(to.getTime() + AROUND_MS),
    new Date(from.getTime() - AROUND_MS),
  ];
  const refunds = [
    ...(await refundsWhere(
      scope,
      "r.status = ? and r.create_time < ? and r.finish_time >= ?",
      around,
    )),
    ...(await inChunks(refundIds, (chunk) => refundsWhere(scope, "r.refund_id in (?)", [chunk]))),
    ...(await inChunks(references, (chunk) => refundsWhere(scope, "r.reference in (?)", [chunk]))),
  ];
  return {
    payments: unique(payments, ({ paymentId }) => paymentId),
    refunds: unique(refunds, ({ refundId }) => refundId),
    disputes: !scope.hasDisputes
      ? []
      : await disputesOf(scope, referencesOf(statement, "dispute"), { from, to }),
  };
}

/** Providers with payments in a period. */
export async function providersOf(
  { connection, pay }: Pick<Scope, "connection" | "pay">,
  { from, to }: Bounds,
): Promise<string[]> {
  const [rows] = await connection.query<Row[]>(
    `select distinct provider from ${pay}.payments where pay_time >= ? and pay_time < ?`,
    [from, to],
  );
  return rows.map(({ provider }) => String(provider));
}

async function paymentsWhere(
  { connection, pay, provider }: Scope,
  where: string,
  values: unknown[],
): Promise<OurPayment[]> {
  const [rows] = await connection.query<Row[]>(
    `select ${PAYMENT} from ${pay}.payments where provider = ? and ${where}`,
    [provider, ...values],
  );
  return rows.map((row) => ({
    paymentId: BigInt(row.payment_id),
    orderId: BigInt(row.order_id),
    tradeId: row.provider_trade_id,
    amountCents: BigInt(row.amount_cents),
    currency: row.currency,
    isPaid: row.status !== PaymentStatus.OPEN && row.status !== PaymentStatus.CLOSED,
    payTime: row.pay_time,
  }));
}

async function refundsWhere(
  { connection, pay, provider }: Scope,
  where: string,
  values: unknown[],
): Promise<OurRefund[]> {
  const [rows] = await connection.query<Row[]>(
    `select ${REFUND} from ${pay}.refunds r join ${pay}.payments p on p.payment_id = r.payment_id
     where p.provider = ? and ${where}`,
    [provider, ...values],
  );
  return rows.map((row) => {
    const isDone = row.status === RefundStatus.SUCCEEDED;
    return {
      refundId: BigInt(row.refund_id),
      paymentId: BigInt(row.payment_id),
      amountCents: BigInt(row.amount_cents),
      currency: row.currency,
      attempt: row.attempt,
      reference: row.reference,
      isDone,
      createTime: row.create_time,
      doneTime: isDone ? row.finish_time : null,
    };
  });
}

async function disputesOf(
  scope: Scope,
  ids: readonly string[],
  { from, to }: Bounds,
): Promise<OurDispute[]> {
  const inDay =
    "withdrawn_time >= ? and withdrawn_time < ? or reinstated_time >= ? and reinstated_time < ?";
  const disputes = [
    ...(await disputesWhere(scope, inDay, [from, to, from, to])),
    ...(await inChunks(ids, (chunk) => disputesWhere(scope, "dispute_id in (?)", [chunk]))),
  ];
  return unique(disputes, ({ disputeId }) => disputeId);
}

async function disputesWhere(
  { connection, pay, provider }: Scope,
  where: string,
  values: unknown[],
): Promise<OurDispute[]> {
  const [rows] = await connection.query<Row[]>(
    `select dispute_id, payment_id, currency, withdrawn_cents, withdrawn_time, reinstated_cents,
       reinstated_time
     from ${pay}.disputes where provider = ? and (${where})`,
    [provider, ...values],
  );
  const moved = (cents: string | null, time: Date) =>
    cents === null ? null : { amountCents: BigInt(cents), time };
  return rows.map((row) => ({
    disputeId: row.dispute_id,
    paymentId: BigInt(row.payment_id),
    currency: row.currency,
    withdrawn: moved(row.withdrawn_cents, row.withdrawn_time),
    reinstated: moved(row.reinstated_cents, row.reinstated_time),
  }));
}

/** The provider's numbers of refunds or disputes in a statement. */
function referencesOf(statement: readonly StatementRow[], kind: "refund" | "dispute"): string[] {
  const some = statement.filter((row) => row.kind.startsWith(kind) && row.reference !== "");
  return some.map(({ reference }) => reference);
}

async function inChunks<K, T>(
  keys: readonly K[],
  read: (chunk: K[]) => Promise<T[]>,
): Promise<T[]> {
  const all = [...new Set(keys)];
  const found: T[] = [];
  for (let start = 0; start < all.length; start += CHUNK) {
    found.push(...(await read(all.slice(start, start + CHUNK))));
  }
  return found;
}

function unique<T>(rows: readonly T[], keyOf: (row: T) => bigint | string): T[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

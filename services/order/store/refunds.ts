import type { Database, Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { NOW } from "#platform/db/sql.ts";
import { insertRows } from "#platform/db/statements.ts";
import type { OrderLine } from "../domain/order.ts";
import { RefundStatus } from "../domain/refunds.ts";

export type Refund = {
  refundId: bigint;
  orderId: bigint;
  /** The payment that gives money back; 0n where the balance gets all of it. */
  paymentId: bigint;
  /** A payment that came when the order was cancelled or paid already: it goes back whole, without goods. */
  latePaymentId: bigint | null;
  status: RefundStatus;
  payAmountCents: bigint;
  balanceCents: bigint;
  shippingCents: bigint;
  spentCents: bigint;
  whole: boolean;
  note: string;
};
export type StoredRefund = Refund & {
  lines: OrderLine[];
  createTime: Date;
  finishTime: Date | null;
};
/** The request that a refund came from, to tell its repetition. */
export type RefundRequest = { requestId: string; fingerprint: Buffer };

const COLUMNS = `refund_id as refundId, order_id as orderId, payment_id as paymentId,
  late_payment_id as latePaymentId, status, pay_amount_cents as payAmountCents,
  balance_cents as balanceCents, shipping_cents as shippingCents, spent_cents as spentCents,
  whole, note, create_time as createTime, finish_time as finishTime`;

type RefundRow = Omit<StoredRefund, "lines" | "whole"> & { whole: number };
type LineRow = OrderLine & { refundId: bigint };

/** All refunds of these orders with their lines, oldest first. */
export async function refundsOf(
  source: Pick<Transaction, "select"> | Pick<Database, "select">,
  orderIds: readonly bigint[],
): Promise<StoredRefund[]> {
  const sql = `select ${COLUMNS} from refunds where order_id in (?) order by refund_id`;
  const rows = await selectByIds<RefundRow>(source, sql, orderIds);
  if (rows.length === 0) return [];
  const lines = await selectByIds<LineRow>(
    source,
    `select refund_id as refundId, goods_id as goodsId, quantity, unit_price_cents as unitPriceCents
     from refund_lines where refund_id in (?) order by refund_id, goods_id`,
    rows.map(({ refundId }) => refundId),
  );
  const byRefund = Map.groupBy(lines, ({ refundId }) => refundId);
  return rows.map((row) => ({
    ...row,
    whole: row.whole === 1,
    lines: (byRefund.get(row.refundId) ?? []).map(({ goodsId, quantity, unitPriceCents }) => {
      return { goodsId, quantity, unitPriceCents };
    }),
  }));
}

/** What an earlier request with this key has come to. */
export async function findRefundRequest(
  tx: Transaction,
  requestId: string,
): Promise<{ orderId: bigint; fingerprint: Buffer } | undefined> {
  const [row] = await tx.select<{ orderId: bigint; fingerprint: Buffer }>(
    `select order_id as orderId, request_fingerprint as fingerprint from refunds
     where request_id = ?`,
    [requestId],
  );
  return row;
}

/** The orders of these refunds; what does not exist is left out. */
export async function ordersOfRefunds(
  tx: Transaction,
  refundIds: readonly bigint[],
): Promise<bigint[]> {
  const sql = "select distinct order_id as orderId from refunds where refund_id in (?)";
  return (await selectByIds<{ orderId: bigint }>(tx, sql, refundIds)).map(({ orderId }) => orderId);
}

export async function insertRefunds(
  tx: Transaction,
  refunds: readonly (Refund & { lines: OrderLine[]; request?: RefundRequest })[],
): Promise<void> {
  await insertRows(
    tx,
    "refunds",
    refunds.map((refund) => ({
      refund_id: refund.refundId,
      order_id: refund.orderId,
      request_id: refund.request?.requestId,
      request_fingerprint: refund.request?.fingerprint,
      late_payment_id: refund.latePaymentId,
      payment_id: refund.paymentId,
      status: refund.status,
      pay_amount_cents: refund.payAmountCents,
      balance_cents: refund.balanceCents,
      shipping_cents: refund.shippingCents,
      spent_cents: refund.spentCents,
      whole: refund.whole,
      note: refund.note,
      finish_time: refund.status === RefundStatus.SUCCEEDED ? NOW : null,
    })),
  );
  await insertRows(
    tx,
    "refund_lines",
    refunds.flatMap(({ refundId, orderId, lines }) =>
      lines.map((line) => ({
        refund_id: refundId,
        goods_id: line.goodsId,
        order_id: orderId,
        quantity: line.quantity,
        unit_price_cents: line.unitPriceCents,
      })),
    ),
  );
}

export async function finishRefunds(tx: Transaction, refundIds: readonly bigint[]): Promise<void> {
  if (refundIds.length === 0) return;
  const matched = await tx.change(
    `update refunds set status = ?, finish_time = now(3) where refund_id in (?) and status = ?`,
    [RefundStatus.SUCCEEDED, refundIds, RefundStatus.REQUESTED],
  );
  if (matched !== refundIds.length) {
    throw new Error(`${matched} of ${refundIds.length} requested refunds could be finished`);
  }
}

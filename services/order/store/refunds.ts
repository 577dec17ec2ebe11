import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows, updateRows } from "#platform/db/rows.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { NOW } from "#platform/db/sql.ts";
import type { RowOf } from "#platform/db/tables.ts";
import type { OrderLine } from "../domain/order.ts";
import { RefundStatus } from "../domain/refunds.ts";
import { REFUND_LINES, REFUNDS } from "./entities.ts";

export const REFUND = REFUNDS.pick(
  "refundId",
  "orderId",
  "paymentId",
  "latePaymentId",
  "status",
  "payAmountCents",
  "balanceCents",
  "shippingCents",
  "spentCents",
  "whole",
  "note",
  "keepStock",
  "goodwillCents",
  "reopens",
  "pointsBaseCents",
  "createTime",
  "finishTime",
);
const LINE = REFUND_LINES.pick("refundId", "goodsId", "quantity", "unitPriceCents");

export type RefundRow = RowOf<typeof REFUND>;

/** A refund without its lines. */
export type Refund = Omit<RefundRow, "whole" | "keepStock" | keyof Later> & {
  /** Whether no goods of the order are left to refund after it. */
  whole: boolean;
  /** Whether the goods stay out of the stock. */
  keepStock: boolean;
};
/** What a new refund does not have yet. */
type Later = Pick<RefundRow, "reopens" | "pointsBaseCents" | "createTime" | "finishTime">;
export type StoredRefund = Refund & Later & { lines: OrderLine[] };

/** What identifies a repetition of the request for a refund. */
type RefundRequest = { requestId: string; fingerprint: Uint8Array };

/** All refunds of these orders with their lines, oldest first. */
export async function refundsOf(
  source: Pick<Transaction, "select"> | Pick<Database, "select">,
  orderIds: readonly bigint[],
): Promise<StoredRefund[]> {
  const sql = `select ${REFUND.sql} from refunds where order_id in (?) order by refund_id`;
  return withLines(source, await selectByIds<RefundRow>(source, sql, orderIds));
}

/** The refunds with their lines, in the order of the rows. */
export async function withLines(
  source: Pick<Transaction, "select"> | Pick<Database, "select">,
  rows: readonly RefundRow[],
): Promise<StoredRefund[]> {
  if (rows.length === 0) return [];
  const lines = await selectByIds<RowOf<typeof LINE>>(
    source,
    `select ${LINE.sql} from refund_lines where refund_id in (?) order by refund_id, goods_id`,
    rows.map(({ refundId }) => refundId),
  );
  const linesOf = Map.groupBy(lines, ({ refundId }) => refundId);
  return rows.map((row) => ({
    ...row,
    whole: row.whole === 1,
    keepStock: row.keepStock === 1,
    lines: (linesOf.get(row.refundId) ?? []).map(({ goodsId, quantity, unitPriceCents }) => {
      return { goodsId, quantity, unitPriceCents };
    }),
  }));
}

/** The refund that an earlier request with this id asked for. */
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

/** The orders of these refunds. Omits refunds that do not exist. */
export async function ordersOfRefunds(
  tx: Transaction,
  refundIds: readonly bigint[],
): Promise<bigint[]> {
  const sql = "select distinct order_id as orderId from refunds where refund_id in (?)";
  return (await selectByIds<{ orderId: bigint }>(tx, sql, refundIds)).map(({ orderId }) => orderId);
}

const NEW_REFUND = [
  "refundId",
  "orderId",
  "requestId",
  "requestFingerprint",
  "latePaymentId",
  "paymentId",
  "status",
  "payAmountCents",
  "balanceCents",
  "shippingCents",
  "spentCents",
  "whole",
  "note",
  "keepStock",
  "goodwillCents",
  "finishTime",
] as const;

/** Inserts refunds with their lines. `request` is missing where a late payment is refunded. */
export async function insertRefunds(
  tx: Transaction,
  refunds: readonly (Refund & { lines: OrderLine[]; request?: RefundRequest })[],
): Promise<void> {
  await insertRows(
    tx,
    REFUNDS,
    NEW_REFUND,
    refunds.map(({ request, whole, keepStock, ...refund }) => ({
      ...refund,
      requestId: request?.requestId,
      requestFingerprint: request?.fingerprint,
      whole: whole ? 1 : 0,
      keepStock: keepStock ? 1 : 0,
      finishTime: refund.status === RefundStatus.SUCCEEDED ? NOW : null,
    })),
  );
  await insertRows(
    tx,
    REFUND_LINES,
    ["refundId", "goodsId", "orderId", "quantity", "unitPriceCents"],
    refunds.flatMap(({ refundId, orderId, lines }) =>
      lines.map((line) => ({ ...line, refundId, orderId })),
    ),
  );
}

/** Writes the progress of refunds of locked orders. */
export async function writeProgress(
  tx: Transaction,
  refunds: readonly Pick<RefundRow, "refundId" | "status" | "reopens" | "pointsBaseCents">[],
): Promise<void> {
  const matched = await updateRows(
    tx,
    REFUNDS,
    { key: "refundId", set: ["status", "reopens", "pointsBaseCents", "finishTime"] },
    refunds.map((refund) => ({
      ...refund,
      finishTime: refund.status === RefundStatus.SUCCEEDED ? NOW : null,
    })),
  );
  if (matched !== refunds.length) {
    throw new Error(`${matched} of ${refunds.length} locked refunds have a row`);
  }
}

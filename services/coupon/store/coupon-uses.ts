import type { Transaction } from "#platform/db/database.ts";
import { selectByIds } from "#platform/db/select-by-ids.ts";
import { insertRows, updateRows } from "#platform/db/statements.ts";
import { decodeRefusal, encodeRefusal } from "#platform/values/refusal-bytes.ts";
import { type UseRecord, UseState } from "../domain/coupon-use.ts";

type UseRow = {
  orderId: bigint;
  couponId: bigint;
  userId: bigint;
  goodsAmountCents: bigint;
  amountOffCents: bigint;
  state: UseState;
  refusal: Uint8Array | null;
};

const COLUMNS = `order_id as orderId, coupon_id as couponId, user_id as userId,
  goods_amount_cents as goodsAmountCents, amount_off_cents as amountOffCents, state, refusal`;

/** Locks what was decided for these orders, in key order. An order without a record is not locked. */
export async function lockUses(
  tx: Transaction,
  orderIds: Iterable<bigint>,
): Promise<Map<bigint, UseRecord>> {
  const rows = await selectByIds<UseRow>(
    tx,
    `select ${COLUMNS} from coupon_uses force index (primary)
     where order_id in (?) order by order_id for update`,
    orderIds,
  );
  return new Map(
    rows.map((row) => [
      row.orderId,
      { ...row, refusal: row.refusal ? decodeRefusal(row.refusal) : undefined },
    ]),
  );
}

/**
 * Writes what was decided for orders without a record. Where another transaction was faster, the key is taken and this
 * one runs again as a whole.
 */
export async function insertUses(tx: Transaction, records: readonly UseRecord[]): Promise<void> {
  const rows = records
    .toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))
    .map((record) => ({
      order_id: record.orderId,
      coupon_id: record.couponId,
      user_id: record.userId,
      goods_amount_cents: record.goodsAmountCents,
      amount_off_cents: record.amountOffCents,
      state: record.state,
      refusal: record.refusal && encodeRefusal(record.refusal),
    }));
  await insertRows(tx, "coupon_uses", rows);
}

/** Closes orders whose held record this transaction has locked. */
export async function releaseUses(tx: Transaction, orderIds: readonly bigint[]): Promise<void> {
  if (orderIds.length === 0) return;
  const rows = orderIds.map((orderId) => ({ order_id: orderId, state: UseState.released }));
  const matched = await updateRows(
    tx,
    { table: "coupon_uses", key: "order_id", set: ["state"], guard: `t.state = ${UseState.held}` },
    rows,
  );
  if (matched !== rows.length) throw new Error(`${matched} of ${rows.length} uses released.`);
}

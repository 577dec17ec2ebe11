import type { Database, Transaction } from "#platform/db/database.ts";
import { insertRows } from "#platform/db/rows.ts";
import { literal } from "#platform/db/sql.ts";
import { OrderStatus, PayStatus, ShippingStatus } from "../domain/order.ts";
import type { PlannedOrder } from "../domain/place-request.ts";
import { ORDER_LINES, ORDERS } from "./entities.ts";
import { insertHistory } from "./history.ts";

type RequestKey = { userId: bigint; requestId: string };
/** The order that an earlier request with the same key made. */
export type KnownRequest = RequestKey & { orderId: bigint; fingerprint: Buffer };

/** The earlier requests among these. Omits the new ones. */
export async function findRequests(
  source: Pick<Transaction, "select"> | Pick<Database, "select">,
  keys: readonly RequestKey[],
): Promise<KnownRequest[]> {
  const wanted = keys.map(
    ({ userId, requestId }) =>
      `select ${literal(userId)} as user_id, _ascii${literal(requestId)} collate ascii_bin as request_id`,
  );
  return source.select<KnownRequest>(
    `select ${ORDERS.pickAs("o", "orderId", "userId", "requestId").sql},
       o.request_fingerprint as fingerprint
     from (${wanted.join(" union all ")}) k
     join orders o on o.user_id = k.user_id and o.request_id = k.request_id`,
  );
}

const PENDING_ORDER = [
  "orderId",
  "userId",
  "requestId",
  "requestFingerprint",
  "orderStatus",
  "consignee",
  "mobile",
  "addressText",
  "goodsAmountCents",
  "shippingFeeCents",
  "orderAmountCents",
  "couponId",
  "balanceCents",
  "currencyCode",
  "pointsPerUnit",
] as const;

/** Inserts orders as PENDING, with their lines and the first entry of their history. */
export async function insertPending(
  tx: Transaction,
  orders: readonly (PlannedOrder & { fingerprint: Buffer; actor: string })[],
): Promise<void> {
  await insertRows(
    tx,
    ORDERS,
    PENDING_ORDER,
    orders.map((order) => ({
      ...order,
      requestFingerprint: order.fingerprint,
      orderStatus: OrderStatus.PENDING,
      consignee: order.address.consignee,
      mobile: order.address.mobile,
      addressText: order.address.text,
    })),
  );
  await insertRows(
    tx,
    ORDER_LINES,
    ["orderId", "lineNumber", "goodsId", "quantity", "unitPriceCents"],
    orders.flatMap(({ orderId, lines }) =>
      lines.map(({ goodsId, quantity, unitPriceCents }, index) => {
        return { orderId, lineNumber: index + 1, goodsId, quantity, unitPriceCents };
      }),
    ),
  );
  await insertHistory(
    tx,
    orders.map(({ orderId, actor }) => ({
      orderId,
      version: 1,
      orderStatus: OrderStatus.PENDING,
      payStatus: PayStatus.UNPAID,
      shippingStatus: ShippingStatus.NOT_SHIPPED,
      by: { actor, cause: "PlaceOrder" },
    })),
  );
}

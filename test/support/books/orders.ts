import type { ServiceName } from "#platform/process/common-settings.ts";

export type Sql = <T>(
  service: ServiceName,
  statement: string,
  parameters?: unknown[],
) => Promise<T[]>;

export const PENDING = 1;
const CONFIRMED = 2;
const CANCELLED = 3;
const UNPAID = 1;

export type BookedOrder = {
  orderId: bigint;
  userId: bigint;
  status: number;
  payStatus: number;
  version: number;
  goodsAmount: bigint;
  shipping: bigint;
  amount: bigint;
  couponId: bigint;
  couponPaid: bigint;
  balancePaid: bigint;
  payAmount: bigint;
  cancelReason: number;
  /** Quantity by goods. */
  lines: Map<bigint, bigint>;
  linesAmount: bigint;
};
export type Ledger = Map<bigint, BookedOrder>;

/** An order that was confirmed, and not cancelled since: it has what it asked for. */
export const isKept = (order: BookedOrder | undefined) =>
  order !== undefined && order.status !== PENDING && order.status !== CANCELLED;
export const isPaid = (order: BookedOrder | undefined) =>
  order !== undefined && isKept(order) && order.payStatus !== UNPAID;

export async function readOrders(sql: Sql): Promise<Ledger> {
  const rows = await sql<Omit<BookedOrder, "lines" | "linesAmount">>(
    "order",
    `select order_id as orderId, user_id as userId, order_status as status, pay_status as payStatus, version,
       goods_amount_cents as goodsAmount, shipping_fee_cents as shipping, order_amount_cents as amount,
       coupon_id as couponId, coupon_paid_cents as couponPaid, balance_paid_cents as balancePaid,
       pay_amount_cents as payAmount, cancel_reason as cancelReason from orders`,
  );
  const orders: Ledger = new Map(
    rows.map((row) => [row.orderId, { ...row, lines: new Map(), linesAmount: 0n }]),
  );
  const lines = await sql<{ orderId: bigint; goodsId: bigint; quantity: bigint; price: bigint }>(
    "order",
    `select order_id as orderId, goods_id as goodsId, quantity, unit_price_cents as price from order_lines`,
  );
  for (const { orderId, goodsId, quantity, price } of lines) {
    const order = orders.get(orderId);
    if (!order) continue;
    order.lines.set(goodsId, (order.lines.get(goodsId) ?? 0n) + quantity);
    order.linesAmount += quantity * price;
  }
  return orders;
}

export async function orderDifferences(sql: Sql, orders: Ledger): Promise<string[]> {
  const changes = Map.groupBy(
    await sql<{ orderId: bigint; version: number; status: number; payStatus: number }>(
      "order",
      `select order_id as orderId, version, order_status as status, pay_status as payStatus from order_history
       order by order_id, version`,
    ),
    ({ orderId }) => orderId,
  );
  return [...orders.values()].flatMap((order) => {
    const found = amountFaults(order);
    if (order.status === PENDING) found.push("is pending");
    const history = changes.get(order.orderId) ?? [];
    const gapless = history.every(({ version }, index) => version === index + 1);
    const last = history.at(-1);
    const current = last?.status === order.status && last.payStatus === order.payStatus;
    if (!gapless || history.length !== order.version || !current) {
      found.push(`is at change ${order.version}, its history is another one`);
    }
    if ((order.status === CANCELLED) !== (order.cancelReason !== 0)) {
      found.push(`has status ${order.status} and cancel reason ${order.cancelReason}`);
    }
    return found.map((fault) => `order: ${order.orderId} ${fault}`);
  });
}

function amountFaults(order: BookedOrder): string[] {
  const found: string[] = [];
  if (order.lines.size === 0 || order.linesAmount !== order.goodsAmount) {
    found.push(`has goods of ${order.goodsAmount} and lines of ${order.linesAmount}`);
  }
  if (order.amount !== order.goodsAmount + order.shipping) found.push("has a wrong amount");
  if (!isKept(order)) return found;
  const left = order.amount - order.couponPaid - order.balancePaid;
  if (left < 0n || left !== order.payAmount) {
    found.push(`has ${order.payAmount} left to pay instead of ${left}`);
  }
  if (left === 0n && order.status === CONFIRMED && order.payStatus === UNPAID) {
    found.push("has nothing left to pay and is not paid");
  }
  return found;
}

import type { SandboxState } from "../../../simulators/sandbox/client.ts";
import type { Market } from "../load/market.ts";

/** Numbers of states, the same in the schemas and the contract. */
export const STATUS = { CONFIRMED: 2, CANCELLED: 3, COMPLETED: 4, REFUNDED: 5 } as const;
export const CANCEL = { PLACE_FAILED: 1, BY_USER: 2, PAYMENT_TIMEOUT: 3, ABANDONED: 4 } as const;
export const UNPAID = 1;
/** A payment that was closed before money came in. */
export const CLOSED = 3;
export const NOT_SHIPPED = 1;
export const RECEIVED = 3;
export const SUCCEEDED = 2;

export type OrderRow = {
  order_id: bigint;
  user_id: bigint;
  request_id: string;
  order_status: number;
  pay_status: number;
  shipping_status: number;
  order_amount_cents: bigint;
  coupon_id: bigint;
  coupon_paid_cents: bigint;
  balance_paid_cents: bigint;
  pay_amount_cents: bigint;
  cancel_reason: number;
  tracking_number: string;
};
type LineRow = { order_id: bigint; goods_id: bigint; quantity: bigint };
export type RefundRow = {
  refund_id: bigint;
  order_id: bigint;
  request_id: string | null;
  /** Set when the refund is of money that arrived after the order was cancelled or paid. */
  late_payment_id: bigint | null;
  status: number;
  pay_amount_cents: bigint;
  balance_cents: bigint;
  spent_cents: bigint;
};
export type PaymentRow = {
  payment_id: bigint;
  order_id: bigint;
  status: number;
  amount_cents: bigint;
  refunded_cents: bigint;
};
type CouponRow = { coupon_id: bigint; status: number; order_id: bigint };

/** The state of the market's shoppers in the schemas and at the provider. */
export type Facts = {
  orders: Map<bigint, OrderRow>;
  lines: Map<bigint, LineRow[]>;
  refunds: RefundRow[];
  refundLines: LineRow[];
  payments: Map<bigint, PaymentRow>;
  coupons: Map<bigint, CouponRow>;
  provider: SandboxState;
  /** How often a cause occurs in an order's history, by "cause orderId". */
  changes: Map<string, number>;
};

export async function readFacts({ system, userIds }: Market): Promise<Facts> {
  const { sql, sandbox } = system;
  const ofShoppers = "from orders o join";
  const orders = await sql<OrderRow>(
    "order",
    `select order_id, user_id, request_id, order_status, pay_status, shipping_status,
       order_amount_cents, coupon_id, coupon_paid_cents, balance_paid_cents, pay_amount_cents,
       cancel_reason, tracking_number from orders where user_id in (?)`,
    [userIds],
  );
  const lines = await sql<LineRow>(
    "order",
    `select l.order_id, l.goods_id, l.quantity ${ofShoppers} order_lines l using (order_id)
     where o.user_id in (?)`,
    [userIds],
  );
  const changes = await sql<{ order_id: bigint; cause: string; n: bigint }>(
    "order",
    `select h.order_id, h.cause, count(*) as n ${ofShoppers} order_history h using (order_id)
     where o.user_id in (?) group by h.order_id, h.cause`,
    [userIds],
  );
  const refunds = await sql<RefundRow>(
    "order",
    `select refund_id, order_id, request_id, late_payment_id, status, pay_amount_cents,
       balance_cents, spent_cents from refunds`,
  );
  const refundLines = await sql<LineRow>(
    "order",
    "select order_id, goods_id, quantity from refund_lines",
  );
  const payments = await sql<PaymentRow>(
    "pay",
    "select payment_id, order_id, status, amount_cents, refunded_cents from payments",
  );
  const coupons = await sql<CouponRow>(
    "coupon",
    "select coupon_id, status, order_id from coupons where user_id in (?)",
    [userIds],
  );
  return {
    orders: new Map(orders.map((order) => [order.order_id, order])),
    lines: Map.groupBy(lines, (line) => line.order_id),
    refunds,
    refundLines,
    payments: new Map(payments.map((payment) => [payment.payment_id, payment])),
    coupons: new Map(coupons.map((coupon) => [coupon.coupon_id, coupon])),
    provider: await sandbox.state(),
    changes: new Map(changes.map(({ cause, order_id, n }) => [`${cause} ${order_id}`, Number(n)])),
  };
}

/** Whether the order keeps what it holds, less its refunds. */
export function isKept({ order_status }: OrderRow): boolean {
  const kept: number[] = [STATUS.CONFIRMED, STATUS.COMPLETED, STATUS.REFUNDED];
  return kept.includes(order_status);
}

/** Successful refunds by order, without those of late money. */
export function doneRefunds({ refunds }: Facts): Map<bigint, RefundRow[]> {
  const done = refunds.filter(
    ({ status, late_payment_id: late }) => status === SUCCEEDED && late === null,
  );
  return Map.groupBy(done, (refund) => refund.order_id);
}

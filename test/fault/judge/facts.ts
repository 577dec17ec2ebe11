import { OrderStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Market } from "../load/market.ts";
import { type ProviderFacts, readProviders } from "./providers.ts";

export type OrderRow = {
  orderId: bigint;
  userId: bigint;
  requestId: string;
  orderStatus: number;
  payStatus: number;
  shippingStatus: number;
  orderAmountCents: bigint;
  couponId: bigint;
  couponPaidCents: bigint;
  balancePaidCents: bigint;
  payAmountCents: bigint;
  cancelReason: number;
  trackingNumber: string;
};
type LineRow = { orderId: bigint; goodsId: bigint; quantity: bigint };
export type RefundRow = {
  refundId: bigint;
  orderId: bigint;
  requestId: string | null;
  /** Set when the refund is of money that arrived after the order was cancelled or paid. */
  latePaymentId: bigint | null;
  status: number;
  payAmountCents: bigint;
  balanceCents: bigint;
};
export type PaymentRow = {
  paymentId: bigint;
  orderId: bigint;
  status: number;
  amountCents: bigint;
  refundedCents: bigint;
};
type CouponRow = { couponId: bigint; status: number; orderId: bigint };

/** The state of the market's shoppers in the schemas and at the provider. */
export type Facts = {
  orders: Map<bigint, OrderRow>;
  lines: Map<bigint, LineRow[]>;
  refunds: RefundRow[];
  refundLines: LineRow[];
  payments: Map<bigint, PaymentRow>;
  coupons: Map<bigint, CouponRow>;
  provider: ProviderFacts;
  /** How often a cause occurs in an order's history, by "cause orderId". */
  transitions: Map<string, number>;
};

/** A select list that returns each column under its name in camel case. */
function selectList(columns: string, table = ""): string {
  return columns
    .split(" ")
    .map((column) => {
      const name = column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      return `${table}${column} as ${name}`;
    })
    .join(", ");
}

const ORDER_COLUMNS = selectList(
  "order_id user_id request_id order_status pay_status shipping_status order_amount_cents coupon_id coupon_paid_cents balance_paid_cents pay_amount_cents cancel_reason tracking_number",
);
const REFUND_COLUMNS = selectList(
  "refund_id order_id request_id late_payment_id status pay_amount_cents balance_cents",
);
const PAYMENT_COLUMNS = selectList("payment_id order_id status amount_cents refunded_cents");
const LINE_COLUMNS = "order_id goods_id quantity";

export async function readFacts({ system, userIds }: Market): Promise<Facts> {
  const { sql } = system;
  const ofShoppers = "from orders o join";
  const orders = await sql<OrderRow>(
    "order",
    `select ${ORDER_COLUMNS} from orders where user_id in (?)`,
    [userIds],
  );
  const lines = await sql<LineRow>(
    "order",
    `select ${selectList(LINE_COLUMNS, "l.")} ${ofShoppers} order_lines l using (order_id)
     where o.user_id in (?)`,
    [userIds],
  );
  const transitions = await sql<{ orderId: bigint; cause: string; n: bigint }>(
    "order",
    `select h.order_id as orderId, h.cause, count(*) as n
     ${ofShoppers} order_history h using (order_id)
     where o.user_id in (?) group by h.order_id, h.cause`,
    [userIds],
  );
  const refunds = await sql<RefundRow>("order", `select ${REFUND_COLUMNS} from refunds`);
  const refundLines = await sql<LineRow>(
    "order",
    `select ${selectList(LINE_COLUMNS)} from refund_lines`,
  );
  const payments = await sql<PaymentRow>("pay", `select ${PAYMENT_COLUMNS} from payments`);
  const coupons = await sql<CouponRow>(
    "coupon",
    `select ${selectList("coupon_id status order_id")} from coupons where user_id in (?)`,
    [userIds],
  );
  return {
    orders: new Map(orders.map((order) => [order.orderId, order])),
    lines: Map.groupBy(lines, (line) => line.orderId),
    refunds,
    refundLines,
    payments: new Map(payments.map((payment) => [payment.paymentId, payment])),
    coupons: new Map(coupons.map((coupon) => [coupon.couponId, coupon])),
    provider: await readProviders(system),
    transitions: new Map(
      transitions.map(({ cause, orderId, n }) => [`${cause} ${orderId}`, Number(n)]),
    ),
  };
}

/** Whether the order keeps what it holds, less its refunds. */
export function isKept({ orderStatus }: OrderRow): boolean {
  const kept: number[] = [OrderStatus.CONFIRMED, OrderStatus.COMPLETED, OrderStatus.REFUNDED];
  return kept.includes(orderStatus);
}

/** Successful refunds by order, without those of late money. */
export function doneRefunds({ refunds }: Facts): Map<bigint, RefundRow[]> {
  const done = refunds.filter(
    ({ status, latePaymentId }) => status === RefundStatus.SUCCEEDED && latePaymentId === null,
  );
  return Map.groupBy(done, (refund) => refund.orderId);
}

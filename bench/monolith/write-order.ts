import { OrderStatus, PayStatus, ShippingStatus } from "../../services/order/domain/order.ts";
import type { PlaceCommand } from "../../services/order/domain/place-request.ts";
import { big, int, type Parameter, type Transaction } from "./connections.ts";
import type { OutboxEvent } from "./relay.ts";

/** A confirmed order as it is written. */
export type Decided = PlaceCommand & {
  orderId: bigint;
  fingerprint: Buffer;
  actor: string;
  traceparent: string;
  goodsAmountCents: bigint;
  couponPaidCents: bigint;
  payAmountCents: bigint;
  /** The time of all rows and of the answer, so that nothing is read back. */
  now: Date;
  payDeadline: Date;
};

/** Whether coupon and balance cover the amount: the order is confirmed and paid at once. */
export const isPaid = ({ payAmountCents }: Pick<Decided, "payAmountCents">): boolean =>
  payAmountCents === 0n;
/** The version after the order's last transition. */
const versionOf = (order: Decided): number => (isPaid(order) ? 2 : 1);

/** The stock of larger orders is only checked when it is taken. */
const MAX_CHECKED = 16;
const ON_SALE = `and exists (select 1 from goods where goods_id = ?
  and unit_price_cents = ? and status = 1 and stock >= ?)`;
const perLine = (sql: string, count: number, separator: string) =>
  Array.from({ length: count }, () => sql).join(separator);

const insertOrderSql = cached(
  (
    checked,
  ) => `insert into orders (order_id, user_id, request_id, request_fingerprint, order_status,
    pay_status, version, consignee, mobile, address_text, goods_amount_cents, shipping_fee_cents,
    order_amount_cents, coupon_id, coupon_paid_cents, balance_paid_cents, pay_amount_cents,
    create_time, confirm_time, pay_time, pay_deadline, expiry_time)
  select ?, user_id, ?, unhex(?), ${OrderStatus.CONFIRMED},
    ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
  from users where user_id = ? and balance_cents >= ? ${perLine(ON_SALE, checked, " ")}`,
);

/**
 * Inserts the order if its user exists and has the balance, and its goods are on sale. The check
 * takes no locks and no round trip of its own, and refuses hopeless orders early; what is taken
 * later is guarded separately. Resolves to whether the order was inserted.
 */
export async function insertOrder(tx: Transaction, order: Decided): Promise<boolean> {
  const checked = order.lines.length <= MAX_CHECKED ? order.lines : [];
  const inserted = await tx.change(insertOrderSql(checked.length), [
    big(order.orderId),
    order.requestId,
    order.fingerprint.toString("hex"),
    int(isPaid(order) ? PayStatus.PAID : PayStatus.UNPAID),
    int(versionOf(order)),
    order.address.consignee,
    order.address.mobile,
    order.address.text,
    big(order.goodsAmountCents),
    big(order.shippingFeeCents),
    big(order.orderAmountCents),
    big(order.couponId),
    big(order.couponPaidCents),
    big(order.balanceCents),
    big(order.payAmountCents),
    order.now,
    order.now,
    isPaid(order) ? order.now : null,
    order.payDeadline,
    order.payDeadline,
    big(order.userId),
    big(order.balanceCents),
    ...checked.flatMap(({ goodsId, unitPriceCents, quantity }) => [
      big(goodsId),
      big(unitPriceCents),
      big(quantity),
    ]),
  ]);
  return inserted === 1;
}

const insertLinesSql = cached(
  (count) =>
    `insert into order_lines (order_id, line_number, goods_id, quantity, unit_price_cents) values
     ${perLine("(?, ?, ?, ?, ?)", count, ", ")}`,
);

export async function insertLines(tx: Transaction, { orderId, lines }: Decided): Promise<void> {
  await tx.change(
    insertLinesSql(lines.length),
    lines.flatMap((line, index) => [
      big(orderId),
      int(index + 1),
      big(line.goodsId),
      big(line.quantity),
      big(line.unitPriceCents),
    ]),
  );
}

const insertHistorySql = cached(
  (count) => `insert into order_history (order_id, version, change_time, order_status, pay_status,
    shipping_status, actor, cause, detail) values
    ${perLine(`(?, ?, ?, ${OrderStatus.CONFIRMED}, ?, ${ShippingStatus.NOT_SHIPPED}, ?, 'PlaceOrder', ?)`, count, ", ")}`,
);

export async function insertHistory(tx: Transaction, order: Decided): Promise<void> {
  const entry = (version: number, payStatus: number, detail: string): Parameter[] => {
    return [big(order.orderId), int(version), order.now, int(payStatus), order.actor, detail];
  };
  const entries = [entry(1, PayStatus.UNPAID, "")];
  if (isPaid(order)) entries.push(entry(2, PayStatus.PAID, "coupon and balance cover it"));
  await tx.change(insertHistorySql(entries.length), entries.flat());
}

const insertEventsSql = cached(
  (count) => `insert into outbox (event_id, fact, event_type, order_id, payload, traceparent,
    consumers, state, next_at) values
    ${perLine("(?, ?, ?, ?, ?, ?, '', 1, now(3) + interval 10 second)", count, ", ")}`,
);

export async function insertEvents(tx: Transaction, events: OutboxEvent[]): Promise<void> {
  await tx.change(
    insertEventsSql(events.length),
    events.flatMap((event) => [
      big(event.eventId),
      event.fact,
      event.eventType,
      big(event.aggregateId),
      Buffer.from(event.payload),
      event.traceparent,
    ]),
  );
}

/** Caches statements by the number of rows: the driver finds prepared statements by their text. */
export function cached(make: (count: number) => string): (count: number) => string {
  const made = new Map<number, string>();
  return (count) => {
    const known = made.get(count) ?? make(count);
    made.set(count, known);
    return known;
  };
}

import { DONE, type Rule } from "./rule.ts";

/** Refunds of an order are its goods at the price that was paid, and decide its pay status. */
export const refundRules: readonly Rule[] = [
  {
    name: "pay-status-fits-refunds",
    says: "the pay status of an order follows from its refunds",
    sql: ({ order }) => `select concat('order ', o.order_id) as item, o.order_id as orderId,
        o.pay_status as payStatus, coalesce(r.n, 0) as n, coalesce(r.open_, 0) as open_
      from ${order}.orders o left join (
        select order_id, count(*) as n, sum(status <> ${DONE}) as open_, max(whole) as whole
        from ${order}.refunds where late_payment_id is null group by order_id
      ) r on r.order_id = o.order_id
      where not (o.pay_status <=> case
        when r.n is null then if(o.pay_status in (1, 2), o.pay_status, 2)
        when r.open_ > 0 then 3 when r.whole = 1 then 5 else 4 end)`,
    describe: ({ payStatus, n, open_ }) =>
      `is in pay status ${payStatus}, but has ${n} refunds, ${open_} of them not finished`,
  },
  {
    name: "refunds-add-up",
    says: "a refund is the share of the lines in what was paid, to the cent, plus goodwill, and the last one includes shipping",
    sql: refundsAddUp,
    describe: ({ value, shouldBe, pay, shouldPay }) =>
      `was refunded ${value} cents instead of ${shouldBe}, of these ${pay} through the provider instead of ${shouldPay}`,
  },
  {
    name: "refunded-lines-were-ordered",
    says: "a refund takes back at most what was ordered, at the price of the order",
    sql: ({ order }) => `select concat('order ', r.order_id, ', goods ', r.goods_id) as item,
        r.order_id as orderId, r.quantity as refunded, l.quantity as ordered
      from (
        select order_id, goods_id, sum(quantity) as quantity, min(unit_price_cents) as least,
          max(unit_price_cents) as most
        from ${order}.refund_lines group by order_id, goods_id
      ) r left join (
        select order_id, goods_id, sum(quantity) as quantity, min(unit_price_cents) as least,
          max(unit_price_cents) as most
        from ${order}.order_lines group by order_id, goods_id
      ) l on l.order_id = r.order_id and l.goods_id = r.goods_id
      where not coalesce(r.quantity <= l.quantity and r.least = l.least and r.most = l.most, false)`,
    describe: ({ refunded, ordered }) => `was refunded ${refunded} of ${ordered ?? 0} units`,
  },
];

/**
 * Compares the value of all refunds of an order with what was paid for its goods, less what is paid
 * for the goods that were not returned, plus what was refunded without goods. That is at most what
 * was paid; beyond the goods it is from the shipping fee.
 */
function refundsAddUp({ order }: { order: string }): string {
  const paid = "(o.goods_amount_cents - o.coupon_paid_cents)";
  // Goods without a price have no share: the division by 0 is null.
  const left = `coalesce((cast(${paid} as decimal(40))
    * (o.goods_amount_cents - coalesce(l.amount, 0))) div o.goods_amount_cents, 0)`;
  const ordered = `(select sum(quantity) from ${order}.order_lines l where l.order_id = o.order_id)`;
  return `select concat('order ', orderId) as item, orderId, value,
      shouldSpend + shouldShip as shouldBe, pay, least(shouldSpend + shouldShip, payable) as shouldPay
    from (
      select y.*, least(paid, given) as shouldSpend,
        if(isWhole, fee, least(fee, given - least(paid, given))) as shouldShip
      from (
        select o.order_id as orderId, r.pay + r.balance as value, r.pay, r.spent, r.shipping,
          r.whole, ${paid} as paid, ${paid} - ${left} + r.goodwill as given,
          o.shipping_fee_cents as fee, o.pay_amount_cents as payable,
          coalesce(l.quantity, 0) = ${ordered} as isWhole
        from ${order}.orders o join (
          select order_id, sum(pay_amount_cents) as pay, sum(balance_cents) as balance,
            sum(goodwill_cents) as goodwill, sum(shipping_cents) as shipping,
            sum(spent_cents) as spent, sum(whole) as whole
          from ${order}.refunds where late_payment_id is null group by order_id
        ) r on r.order_id = o.order_id left join (
          select order_id, sum(cast(quantity as decimal(40)) * unit_price_cents) as amount,
            sum(quantity) as quantity
          from ${order}.refund_lines group by order_id
        ) l on l.order_id = o.order_id
      ) y
    ) x where value <> shouldSpend + shouldShip or pay <> least(shouldSpend + shouldShip, payable)
      or spent <> shouldSpend or shipping <> shouldShip or whole <> isWhole
    union all select concat('order ', r.order_id), r.order_id, r.pay_amount_cents + r.balance_cents, 0,
      r.pay_amount_cents, 0
    from ${order}.refunds r left join ${order}.refund_lines l on l.refund_id = r.refund_id
    where r.late_payment_id is null and l.refund_id is null and r.goodwill_cents = 0`;
}

import type { Everything } from "./everything.ts";
import { idOf, type Mutation, mutationsOf } from "./mutation.ts";

const order = mutationsOf("order");

/** The item and the SQL of a mutation of one order; `$` stands for its identifier. */
function of(one: { orderId: bigint }, sql: string): [item: string, sql: string] {
  return [`order ${idOf(one)}`, sql.replaceAll("$", idOf(one))];
}

export function ofOrders(o: Everything): Mutation[] {
  return [...ofRows(o), ...ofStates(o)];
}

function ofRows(o: Everything): Mutation[] {
  return [
    order(
      "amounts-add-up",
      "a line that costs a cent more",
      of(
        o.paid,
        "update order_lines set unit_price_cents = unit_price_cents + 1 where order_id = $ limit 1",
      ),
    ),
    order(
      "amounts-add-up",
      "a cent more to pay",
      of(o.unpaid, "update orders set pay_amount_cents = pay_amount_cents + 1 where order_id = $"),
    ),
    order(
      "amounts-add-up",
      "a line less",
      of(o.part, "delete from order_lines where order_id = $ and line_number = 1"),
    ),
    order("parts-have-their-whole", "a line without an order", [
      "order 5, order_lines",
      "insert into order_lines (order_id, line_number, goods_id, quantity, unit_price_cents) values (5, 1, 1, 1, 1)",
    ]),
    order("parts-have-their-whole", "lines without a refund", [
      "refund 5",
      `update refund_lines set refund_id = 5 where order_id = ${idOf(o.part)} limit 1`,
    ]),
    order(
      "fields-fit-the-state",
      "a reason without a cancellation",
      of(o.paid, "update orders set cancel_reason = 2 where order_id = $"),
    ),
    order(
      "fields-fit-the-state",
      "a paid order without a time",
      of(o.paid, "update orders set pay_time = null where order_id = $"),
    ),
    order(
      "refunds-add-up",
      "a cent more refunded",
      of(o.byBalance, "update refunds set balance_cents = balance_cents + 1 where order_id = $"),
    ),
    order(
      "refunds-add-up",
      "a cent less that counts for points",
      of(o.part, "update refunds set spent_cents = spent_cents - 1 where order_id = $ limit 1"),
    ),
    order(
      "refunds-add-up",
      "a cent more without goods than was refunded",
      of(
        o.part,
        "update refunds set goodwill_cents = goodwill_cents + 1 where order_id = $ and goodwill_cents > 0",
      ),
    ),
    order(
      "refunded-lines-were-ordered",
      "more refunded than ordered",
      of(o.part, "update refund_lines set quantity = 100 where order_id = $ limit 1"),
    ),
  ];
}

function ofStates(o: Everything): Mutation[] {
  return [
    order(
      "history-has-every-version",
      "a version less",
      of(o.completed, "delete from order_history where order_id = $ and version = 3"),
    ),
    order(
      "history-has-every-version",
      "a state that no transition led to",
      of(o.completed, "update orders set shipping_status = 2 where order_id = $"),
    ),
    order(
      "history-has-allowed-transitions",
      "a transition that is not allowed",
      of(
        o.completed,
        "update order_history set order_status = 3 where order_id = $ and version = 3",
      ),
    ),
    order(
      "pay-status-fits-refunds",
      "refunds that the order does not know",
      of(o.part, "update orders set pay_status = 2 where order_id = $"),
    ),
    order(
      "pending-ends-in-time",
      "an order that stays pending",
      of(
        o.unpaid,
        "update orders set order_status = 1, create_time = now(3) - interval 1 hour where order_id = $",
      ),
    ),
    order(
      "shipped-completes-in-time",
      "a shipped order that stays on its way",
      of(
        o.paid,
        `update orders set shipping_status = 2, complete_after = now(3) - interval 1 hour
         where order_id = $`,
      ),
    ),
    order(
      "unpaid-ends-in-time",
      "an unpaid order that stays open",
      of(
        o.unpaid,
        `update orders set pay_deadline = now(3) - interval 1 hour,
         expiry_time = now(3) - interval 1 hour where order_id = $`,
      ),
    ),
  ];
}

import {
  allows,
  applyTransition,
  type OrderState,
  TRANSITIONS,
  type Transition,
} from "../../services/order/domain/order-state.ts";
import type { Rule } from "./rule.ts";

/** Pending, unpaid, not shipped. */
const FIRST_STATE = "(1, 1, 1)";

/** Every transition of an order is in its history. */
export const historyRules: readonly Rule[] = [
  {
    name: "history-has-every-version",
    says: "the history of an order has every version from 1 on and ends in the state of the order",
    sql: ({
      order,
    }) => `select concat('order ', o.order_id) as item, o.order_id as orderId, o.version,
        coalesce(h.n, 0) as n, last.order_status as orderStatus, last.pay_status as payStatus,
        last.shipping_status as shippingStatus
      from ${order}.orders o left join (
        select order_id, count(*) as n, min(version) as least, max(version) as most
        from ${order}.order_history group by order_id
      ) h on h.order_id = o.order_id
      left join ${order}.order_history last
        on last.order_id = o.order_id and last.version = o.version
      where not coalesce(h.n = o.version and h.least = 1 and h.most = o.version
        and last.order_status = o.order_status and last.pay_status = o.pay_status
        and last.shipping_status = o.shipping_status, false)`,
    describe: ({ version, n, orderStatus, payStatus, shippingStatus }) =>
      `is at version ${version}, but its history has ${n} versions and ends in ${orderStatus}/${payStatus}/${shippingStatus}`,
  },
  {
    name: "history-has-allowed-transitions",
    says: "an order begins as pending and moves by the transitions of its state machine",
    sql: ({ order }) => `select concat('order ', b.order_id, ', version ', b.version) as item,
        b.order_id as orderId,
        concat_ws('/', a.order_status, a.pay_status, a.shipping_status) as before_,
        concat_ws('/', b.order_status, b.pay_status, b.shipping_status) as after_
      from ${order}.order_history b left join ${order}.order_history a
        on a.order_id = b.order_id and a.version = b.version - 1
      where (b.version = 1 and (b.order_status, b.pay_status, b.shipping_status) <> ${FIRST_STATE})
        or (a.version is not null and (a.order_status, a.pay_status, a.shipping_status,
          b.order_status, b.pay_status, b.shipping_status) not in (${allowedTransitions().join(", ")}))`,
    describe: ({ before_, after_ }) => `moved from ${before_ || "nothing"} to ${after_}`,
  },
];

/** The states before and after each transition, as SQL tuples. */
function allowedTransitions(): string[] {
  const numbers = [1, 2, 3, 4, 5];
  const states = numbers.flatMap((orderStatus) =>
    numbers.flatMap((payStatus) =>
      [1, 2, 3].map((shippingStatus) => ({ orderStatus, payStatus, shippingStatus }) as OrderState),
    ),
  );
  const pairs = states.flatMap((before) =>
    (Object.keys(TRANSITIONS) as Transition[])
      .filter((transition) => allows(before, transition))
      .map((transition) => [...tuple(before), ...tuple(applyTransition(before, transition))])
      .map((pair) => `(${pair.join(", ")})`),
  );
  return [...new Set(pairs)];
}

const tuple = (state: OrderState) => [state.orderStatus, state.payStatus, state.shippingStatus];

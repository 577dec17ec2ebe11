import { SERVICES, type ServiceName } from "#proto/services.ts";
import type { Rule } from "./rule.ts";

/** The identifiers that each service gives out, from one sequence for all its tables. */
const IDENTIFIERS: Record<ServiceName, [table: string, column: string][]> = {
  goods: [
    ["goods", "goods_id"],
    ["stock_log", "log_id"],
  ],
  coupon: [["coupons", "coupon_id"]],
  user: [
    ["users", "user_id"],
    ["balance_log", "log_id"],
    ["point_log", "log_id"],
  ],
  order: [
    ["orders", "order_id"],
    ["refunds", "refund_id"],
    ["outbox", "event_id"],
  ],
  pay: [
    ["payments", "payment_id"],
    ["payment_log", "log_id"],
    ["callbacks", "callback_id"],
    ["outbox", "event_id"],
  ],
};

export const identifierRule: Rule = {
  name: "identifiers-are-unique",
  says: "each identifier of a service names one thing and is above 0",
  sql: (scope) =>
    SERVICES.map((service) => {
      const numbers = IDENTIFIERS[service].map(
        ([table, column]) => `select ${column} as id from ${scope[service]}.${table}`,
      );
      return `select concat('${service} ', id) as item, null as orderId, count(*) as n
        from (${numbers.join(" union all ")}) x group by id having count(*) > 1 or id <= 0`;
    }).join(" union all "),
  describe: ({ n }) => `names ${n} things`,
};

import type { ServiceName } from "#proto/services.ts";

/** The schema of each service as SQL names it, and the settings that rules depend on. */
export type Scope = Record<ServiceName, string> & {
  /** The currency of the shop, such as "EUR". */
  currency: string;
  /** Seconds that retries, timers and redelivery may take to repair something. */
  settleSeconds: number;
  /** Age in seconds from which a pending order counts as abandoned by its process. */
  abandonedAfterSeconds: number;
};

type Cell = bigint | number | string | Date | null;
export type Row = Record<string, Cell>;

/** A statement about the data that is true whenever nothing is in motion. */
export type Rule = {
  /** Names the rule in reports and tests. */
  name: string;
  /** What the rule promises. */
  says: string;
  /**
   * Selects one row for each item that breaks the rule. `item` names the item, such as
   * "order 7, goods 3"; `orderId` is the order that may be in motion, or null.
   */
  sql(scope: Scope): string;
  /** What is wrong with the item of a row. */
  describe(row: Row): string;
  /** The rule itself allows for what is in motion: a row breaks it in any case. */
  always?: true;
};

export type Group = { name: string; needsProvider?: true; rules: readonly Rule[] };

/** Status of orders that were confirmed and not cancelled: confirmed, completed, refunded. */
export const KEPT = "(2, 4, 5)";
/** Status of payments that came in: succeeded, refunded in part, refunded. */
export const CAPTURED = "(2, 4, 5)";
/** Status of refunds whose money is back. */
export const DONE = 2;
/** SQL: whether a refund of the order service has succeeded once; its goods are back since then. */
export const RETURNED = `(r.status = ${DONE} or r.reopens > 0)`;
/** SQL: what a refund took points back for; an earlier release left out the shipping fee. */
export const POINTS_BASE = "coalesce(r.points_base_cents, r.spent_cents)";

/** States of a reservation, redemption or hold. */
export const HELD = 1;
/** A refund was recorded before the row that it refunds. */
export const EARLY = 4;

/**
 * Compares two lists by a key. `left` and `right` are selects of the key and a number `n`; a
 * missing entry counts as 0. Selects the keys whose sums differ, with the sums as `a` and `b`.
 */
export function differing(options: {
  keys: readonly string[];
  left: readonly string[];
  right: readonly string[];
  /** SQL expression that names the item of a key. */
  item: string;
  /** Whether the key has an `order_id`. Default true. */
  orderId?: boolean;
}): string {
  const { keys, item, orderId = true } = options;
  const list = keys.join(", ");
  const sums = (column: "a" | "b", selects: readonly string[]) =>
    selects.map((select) => {
      const [a, b] = column === "a" ? ["n", "0"] : ["0", "n"];
      return `select ${list}, ${a} as a, ${b} as b from (${select}) s`;
    });
  return `select ${item} as item, ${orderId ? "order_id" : "null"} as orderId, sum(a) as a, sum(b) as b
    from (${[...sums("a", options.left), ...sums("b", options.right)].join(" union all ")}) x
    group by ${list} having sum(a) <> sum(b)`;
}

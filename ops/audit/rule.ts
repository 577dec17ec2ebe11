import type { ServiceName } from "#proto/services.ts";

/** Where the rules look: the schema of each service, as it stands in SQL, and what else they go by. */
export type Scope = Record<ServiceName, string> & {
  /** The shop's one currency. */
  currency: string;
  /** What the shop may take to get right by itself. */
  settleSeconds: number;
  /** From when on a pending order is taken for one whose process died. */
  abandonedAfterSeconds: number;
};

export type Cell = bigint | number | string | Date | null;
export type Row = Record<string, Cell>;

/** Something that must be true of the data whenever nothing is in motion. */
export type Rule = {
  /** For reports and tests; stays the same for ever. */
  name: string;
  /** What it promises. */
  says: string;
  /**
   * One row for each item that breaks it, aggregated in the database: `item` names it ("order 7, goods 3"), `orderId`
   * is the order that may be in motion, where there is one.
   */
  sql(scope: Scope): string;
  /** What is wrong with the row's item. */
  tell(row: Row): string;
  /** Breaks also where the order is in motion: the rule itself says how long that may last. */
  always?: true;
};

export type Group = { name: string; needsPlatform?: true; rules: readonly Rule[] };

/** Orders that were confirmed and not cancelled: they have what they asked for, less what was refunded. */
export const KEPT = "(2, 4, 5)";
/** Payments that came in. */
export const CAPTURED = "(2, 4, 5)";
/** Refunds of which the money is back. */
export const DONE = 2;

/**
 * Compares two lists by a key, inside the database: `left` and `right` are selects of the key and of one number each,
 * without an entry standing for 0. Gives the keys with `a` and `b` where the sums differ.
 */
export function differing(options: {
  keys: readonly string[];
  left: readonly string[];
  right: readonly string[];
  item: string;
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

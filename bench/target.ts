import type { Engines } from "../testbed/engines/engines.ts";

// What is put under load, and what it is given: the same for the shop and for the baselines it is compared with.

/** What is sold, who buys: the same in every target. Ids are positive BIGINTs, as those of the shop. */
export type Catalog = {
  goods: { goodsId: bigint; unitPriceCents: bigint; stock: bigint }[];
  /** The token is one of the shop's, signed with its development keys, and lives as long as a run. */
  shoppers: { userId: bigint; balanceCents: bigint; token: string }[];
  /** Each takes an amount off, has no end, and can be spent once, by its owner. */
  coupons: {
    couponId: bigint;
    userId: bigint;
    amountOffCents: bigint;
    minimumGoodsAmountCents: bigint;
  }[];
};

export type Running = {
  /** host:port of what serves shop.order.v1.OrderService. */
  orderAddress: string;
  /** Server processes whose CPU and memory count, the load generator aside. Database and nats-server stand apart. */
  processes(): { name: string; pid: number }[];
  /**
   * Whether nothing from before that time is under way behind the answers any more: events, confirmations. What the
   * shop begins by itself, such as closing orders that nobody paid, may go on for long. Default: nothing ever is.
   */
  settled?(before: Date): Promise<boolean>;
  /** Ports of its gRPC servers. Default: that of orderAddress. */
  ports?(): number[];
  /** Calls that its servers have answered so far, by gRPC path. Default: not counted. */
  calls?(): Promise<Record<string, { calls: number; bytes: number }>>;
  /** Ends the processes, drops the schemas, deletes the streams. */
  stop(): Promise<void>;
};

export type TargetName = "shop" | "monolith" | "bare";

export type Target = {
  name: TargetName;
  /** Makes its schemas with this catalog in them and starts its processes. */
  start(engines: Engines, catalog: Catalog): Promise<Running>;
};

import type { Engines } from "../testbed/engines/engines.ts";

// A target of the load, and what it is given: the same for the shop and its baselines.

/**
 * Items, shoppers and coupons, the same in every target. Ids are positive BIGINTs, as in the shop.
 */
export type Catalog = {
  goods: { goodsId: bigint; unitPriceCents: bigint; stock: bigint }[];
  /** The token is signed with the shop's development keys, and is valid for longer than a run. */
  shoppers: { userId: bigint; balanceCents: bigint; token: string }[];
  /** Coupons of a fixed amount without an end, each for one order of its owner. */
  coupons: {
    couponId: bigint;
    userId: bigint;
    amountOffCents: bigint;
    minimumGoodsAmountCents: bigint;
  }[];
};

export type Running = {
  /** The host and port that serve shop.order.v1.OrderService. */
  orderAddress: string;
  /**
   * The processes whose CPU and memory count: without load generator, database and nats-server,
   * which are measured separately.
   */
  processes(): { name: string; pid: number }[];
  /**
   * Whether everything that was started before this time has had its effect, such as events and
   * confirmations. What the shop starts later, such as cancelling unpaid orders, does not count.
   * Default: always true.
   */
  settled?(before: Date): Promise<boolean>;
  /** The ports of its gRPC servers. Default: that of `orderAddress`. */
  ports?(): number[];
  /** Calls that its servers have answered so far, by gRPC path. Default: not counted. */
  calls?(): Promise<Record<string, { calls: number; bytes: number }>>;
  /** Stops the processes, drops the schemas and deletes the streams. */
  stop(): Promise<void>;
};

export type TargetName = "shop" | "monolith" | "bare";

export type Target = {
  name: TargetName;
  /** Creates its schemas with this catalogue, and starts its processes. */
  start(engines: Engines, catalog: Catalog): Promise<Running>;
};

import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import type { Outbox } from "#platform/events/outbox.ts";
import type { CouponClient } from "../clients/coupon.ts";
import type { GoodsClient } from "../clients/goods.ts";
import type { PayClient } from "../clients/pay.ts";
import type { UserClient } from "../clients/user.ts";
import type { ShippingRule } from "../domain/amounts.ts";
import type { OrderChanges } from "./order-changes.ts";

/** What the use cases work with. */
export type Parts = {
  database: Database;
  identifiers: Pick<Identifiers, "next">;
  outbox: Outbox;
  goods: GoodsClient;
  coupon: CouponClient;
  user: UserClient;
  pay: PayClient;
  changes: OrderChanges;
  rules: {
    shipping: ShippingRule;
    payDeadlineSeconds: number;
    abandonedAfterSeconds: number;
  };
};

/** Who asks, and until when an answer is of use. */
export type Asking = {
  actor: string;
  /** Only this user's orders may be seen; undefined: anyone's. */
  ownerId: bigint | undefined;
  /** On the scale of Date.now(). */
  deadlineMs: number;
  /** Made when it is asked for: read it only where something waits for it. */
  signal: AbortSignal;
  traceparent: string;
};

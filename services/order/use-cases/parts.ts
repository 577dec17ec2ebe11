import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import type { VersionWatch } from "#platform/db/version-watch.ts";
import type { NewEvent, Outbox } from "#platform/events/outbox.ts";
import type { EVENTS } from "#proto/events.ts";
import type { CouponClient } from "../clients/coupon.ts";
import type { GoodsClient } from "../clients/goods.ts";
import type { PayClient } from "../clients/pay.ts";
import type { UserClient } from "../clients/user.ts";
import type { ShippingRule } from "../domain/amounts.ts";
import type { KeptSettings } from "../domain/order.ts";

/** One of the events that this service publishes. */
export type OrderEvent = NewEvent<typeof EVENTS.order>;

/** What the use cases work with. */
export type Parts = {
  database: Database;
  identifiers: Pick<Identifiers, "next">;
  outbox: Outbox<typeof EVENTS.order>;
  goods: GoodsClient;
  coupon: CouponClient;
  user: UserClient;
  pay: PayClient;
  /** Wakes the watchers of an order when it gets a new version. */
  watch: VersionWatch;
  rules: {
    shipping: ShippingRule;
    /** New orders keep these. */
    kept: KeptSettings;
    payDeadlineSeconds: number;
    abandonedAfterSeconds: number;
    completeAfterDays: number;
  };
};

/** What a use case needs to write orders. */
export type WriteParts = Pick<Parts, "database" | "identifiers" | "outbox" | "watch">;

/** What a use case knows about the call that it serves. */
export type CallContext = {
  /** The caller, as the history records it: "user:7". */
  actor: string;
  /** The user whose orders the caller may see; undefined allows every user's. */
  ownerId: bigint | undefined;
  /** On the scale of Date.now(). */
  deadlineMs: number;
  /** Created on first access: read it only where something waits for it. */
  signal: AbortSignal;
  traceparent: string;
};

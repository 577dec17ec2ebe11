import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import type { Outbox } from "#platform/events/outbox.ts";
import type { Gather } from "#platform/values/gather.ts";
import type { Origin } from "#platform/values/origins.ts";
import type { EVENTS } from "#proto/events.ts";
import type { OrderClient } from "../clients/order.ts";
import type { PaidNotice } from "../domain/notice.ts";
import type { AcceptedVerdict } from "../domain/verdict.ts";
import type { PaymentProvider } from "../providers/provider.ts";
import type { ReceivedNotice } from "./steps/received-notice.ts";
import type { UnverifiedSample } from "./steps/sample-unverified.ts";

/** What the use cases work with. */
export type Parts = {
  database: Database;
  identifiers: Pick<Identifiers, "next">;
  outbox: Outbox<typeof EVENTS.pay>;
  /** Takes paid notices in batches; see steps/take-paid-notices.ts. */
  paidNotices: Gather<ReceivedNotice<PaidNotice>, AcceptedVerdict | undefined>;
  orders: Pick<OrderClient, "order">;
  /** By name. */
  providers: ReadonlyMap<string, PaymentProvider>;
  rules: {
    /** ISO 4217. */
    currency: string;
    /** Where browsers may return to after the checkout. */
    returnOrigins: readonly Origin[];
    /** From the start of a payment to its first query. */
    queryAfterMs: number;
    /** From the first failed try of a refund to the second one. */
    refundRetryMs: number;
  };
  /** Which unverified callbacks are stored. */
  unverified: UnverifiedSample;
  /** Starts a sweep at once instead of at its next interval. */
  wake: { payments(): void; refunds(): void };
};

/** The caller of a use case, and how long it waits for the answer. */
export type CallContext = {
  /** Only this user's payments are visible; undefined: everyone's. */
  ownerId: bigint | undefined;
  /** On the scale of Date.now(). */
  deadlineMs: number;
  /** Created on first access, so read it only to wait for it. */
  signal: AbortSignal;
  traceparent: string;
};

import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";
import type { Outbox } from "#platform/events/outbox.ts";
import type { Origin } from "#platform/values/origins.ts";
import type { EVENTS } from "#proto/events.ts";
import type { OrderClient } from "../clients/order.ts";
import type { PaymentPlatform } from "../providers/provider.ts";
import type { TakePayments } from "./steps/take-payments.ts";

/** What the use cases work with. */
export type Parts = {
  database: Database;
  identifiers: Pick<Identifiers, "next">;
  outbox: Outbox<typeof EVENTS.pay>;
  payments: TakePayments;
  orders: Pick<OrderClient, "order">;
  /** By name. */
  platforms: ReadonlyMap<string, PaymentPlatform>;
  rules: {
    currency: string;
    returnOrigins: readonly Origin[];
    /** The platform is first asked about a payment this long after it was started. */
    queryAfterMs: number;
    /** The first pause after a refund that the platform did not carry out. */
    refundRetryMs: number;
  };
  /** Told of work for the sweeps, which find it by themselves a little later. */
  wake: { payments(): void; refunds(): void };
};

/** Who asks, and until when an answer is of use. */
export type Asking = {
  /** Only this user's payments may be seen; undefined: anyone's. */
  ownerId: bigint | undefined;
  /** On the scale of Date.now(). */
  deadlineMs: number;
  /** Made when it is asked for: read it only where something waits for it. */
  signal: AbortSignal;
  traceparent: string;
};

import type { Refusal } from "#platform/values/refusal.ts";
import type { Holder, PlaceCommand, PlannedOrder } from "../../domain/order.ts";
import type { Outcome } from "./place-outcome.ts";

/** A checked request on its way. */
export type PlaceEntry = {
  command: PlaceCommand;
  goodsAmountCents: bigint;
  fingerprint: Buffer;
  actor: string;
  deadlineMs: number;
  traceparent: string;
};

export type Placed =
  | Outcome
  /** The same request came before: its order has the outcome, or will have. */
  | { kind: "repeated"; orderId: bigint };

/** An order between its intent and its outcome. */
export type Placing = {
  planned: PlannedOrder;
  entry: PlaceEntry;
  /** Who holds something for it, or may, because no answer came. */
  held: Set<Holder>;
  couponPaidCents: bigint;
  refusal: Refusal | undefined;
};

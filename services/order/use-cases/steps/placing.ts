import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Holder, Sold, SoldLine } from "../../domain/order.ts";
import type { PlaceCommand, PlannedOrder } from "../../domain/place-request.ts";
import type { Outcome } from "./place-outcome.ts";

/** A checked request that waits for a batch. */
export type PlaceEntry = {
  command: PlaceCommand;
  goodsAmountCents: bigint;
  fingerprint: Buffer;
  actor: string;
  deadlineMs: number;
  traceparent: string;
};

/** What placing a request led to. */
export type Placed =
  | Outcome
  /** An earlier request with the same key made this order, which has or will have the outcome. */
  | { kind: "repeated"; orderId: bigint };

/** The answer to a request whose key an earlier one has: its order if the contents are the same. */
export function repetitionOf(
  earlier: { orderId: bigint; fingerprint: Buffer },
  fingerprint: Buffer,
): Placed {
  if (earlier.fingerprint.equals(fingerprint)) {
    return { kind: "repeated", orderId: earlier.orderId };
  }
  return { kind: "refused", refusal: new Refusal(Reason.REQUEST_ID_REUSED) };
}

/** An order between its intent and its outcome. */
export type Placing = {
  planned: PlannedOrder;
  entry: PlaceEntry;
  /** The services that hold something for the order, or may because they did not answer. */
  held: Set<Holder>;
  couponPaidCents: bigint;
  /** How the reserved goods are called, by goods id. */
  sold: ReadonlyMap<bigint, Sold>;
  /** Why the order is going to be cancelled; the first reason counts. */
  refusal: Refusal | undefined;
};

/** The lines as sold. */
export function soldLines({ planned, sold }: Placing): SoldLine[] {
  return planned.lines.map((line) => {
    const { name, sku } = sold.get(line.goodsId) ?? { name: "", sku: "" };
    return { ...line, name, sku };
  });
}

export function usesBalance({ planned }: Placing): boolean {
  return planned.balanceCents > 0n;
}

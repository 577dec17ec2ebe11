import { type Gather, gather } from "#platform/values/gather.ts";
import { Refusal } from "#platform/values/refusal.ts";
import { OrderStatus } from "../domain/order.ts";
import {
  checkRequest,
  hasKey,
  type PlaceCommand,
  requestFingerprint,
} from "../domain/place-request.ts";
import * as limits from "../limits.ts";
import { findRequests } from "../store/insert-orders.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, Parts } from "./parts.ts";
import { placeBatch } from "./steps/place-batch.ts";
import { outcomeOf } from "./steps/place-outcome.ts";
import { type Placed, type PlaceEntry, repetitionOf } from "./steps/placing.ts";

export type PlaceOrder = {
  /**
   * Returns the confirmed order, or throws the refusal for which it was cancelled. Idempotent by
   * `requestId`: a repetition gets the outcome of the first request.
   */
  place(command: PlaceCommand, call: CallContext): Promise<StoredOrder>;
  /** Resolves when every accepted order has its outcome. */
  idle(): Promise<void>;
};

/** An answer leaves this long before the deadline, so that it arrives in time. */
const ANSWER_MARGIN_MS = 100;

/** Places orders in batches of the requests that are in flight at the same moment. */
export function createPlaceOrder(parts: Parts): PlaceOrder {
  const batches: Gather<PlaceEntry, Placed> = gather({
    run: (entries) => placeBatch(parts, entries),
    maxBatch: limits.PLACE_BATCH,
    maxQueue: limits.PLACE_QUEUE,
    maxInFlight: limits.PLACE_IN_FLIGHT,
    weigh: (entry) => entry.command.lines.length,
    maxWeight: limits.PLACE_BATCH_LINES,
  });
  const rules = { shipping: parts.rules.shipping, limits };
  return {
    idle: () => batches.idle(),
    async place(command, call) {
      const { actor, deadlineMs, traceparent } = call;
      const fingerprint = requestFingerprint(command);
      const goodsAmountCents = checkRequest(command, rules);
      const placed =
        goodsAmountCents instanceof Refusal
          ? await earlierOr(goodsAmountCents, parts, { command, fingerprint })
          : await batches.submit({
              command,
              goodsAmountCents,
              fingerprint,
              actor,
              deadlineMs,
              traceparent,
            });
      const outcome =
        placed.kind === "repeated"
          ? outcomeOf(await waitForOutcome(parts, placed.orderId, call))
          : placed;
      if (outcome.kind === "refused") throw outcome.refusal;
      return outcome.order;
    },
  };
}

/**
 * The earlier order of a request that the rules of today refuse, or the refusal if its key is new.
 * A setting may have changed since the first request, and the order stands.
 */
async function earlierOr(
  refusal: Refusal,
  { database }: Pick<Parts, "database">,
  { command, fingerprint }: Pick<PlaceEntry, "command" | "fingerprint">,
): Promise<Placed> {
  if (!hasKey(command)) return { kind: "refused", refusal };
  const [earlier] = await findRequests(database, [command]);
  if (!earlier) return { kind: "refused", refusal };
  return repetitionOf(earlier, fingerprint);
}

/**
 * Returns the order once it is no longer pending, whichever process is placing it. Just before the
 * caller's deadline it returns the order as it is.
 */
async function waitForOutcome(
  parts: Parts,
  orderId: bigint,
  call: CallContext,
): Promise<StoredOrder> {
  const leftMs = Math.max(call.deadlineMs - ANSWER_MARGIN_MS - Date.now(), 0);
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(leftMs)]);
  let order = await getOrder(parts, orderId, call);
  while (order.orderStatus === OrderStatus.PENDING && !signal.aborted) {
    await parts.watch.next({ id: orderId, afterVersion: order.version, signal });
    order = await getOrder(parts, orderId, call);
  }
  return order;
}

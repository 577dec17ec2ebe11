import { setTimeout as pause } from "node:timers/promises";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { SETTLE_PAUSE_MS, SETTLE_TRIES } from "../../limits.ts";
import type { Parts } from "../parts.ts";
import { callParticipants } from "./call-participants.ts";
import type { Placed, PlaceEntry, Placing } from "./placing.ts";
import { savePending } from "./save-pending.ts";
import { settleOrders } from "./settle-orders.ts";

/**
 * Places a batch: the orders whose requests are in flight at the same moment. They share each step,
 * so a batch costs two commits here and one in each participant, however many orders it has. The
 * refusal of one order never affects another.
 *
 * 1. Save: one commit writes every order as PENDING, the durable intent. A crash before it leaves
 *    nothing behind, and the client's retry starts anew.
 * 2. Call: goods reserves the stock, then coupon redeems and user holds balance side by side. After
 *    a crash the orders stay PENDING until recover-orders, in any replica, cancels them; the event
 *    makes every possible holder release what it has. A participant that does not answer may hold
 *    something too: the order is refused, and its cancellation names that participant.
 * 3. Settle: one commit confirms or cancels each order, with history and events. After a crash, the
 *    relay of any replica publishes the events, and a retry of the request gets the outcome.
 *
 * No request waits for company: an idle service starts a batch of one at once. While one batch
 * waits for a participant, the next one is under way (PLACE_IN_FLIGHT).
 *
 * Returns one result for each entry, in their order. Rejects only if nothing of the batch was
 * written, or if it is unknown whether it was.
 */
export async function placeBatch(parts: Parts, entries: PlaceEntry[]): Promise<Placed[]> {
  const saved = await savePending(parts, entries);
  const placing = saved.filter((result): result is Placing => "planned" in result);
  if (placing.length === 0) return saved as Placed[];
  await callParticipants(parts, placing);
  const outcomes = await settleWithRetries(parts, placing);
  return saved.map((result) =>
    "planned" in result ? (outcomes.get(result.planned.orderId) as Placed) : result,
  );
}

async function settleWithRetries(parts: Parts, placing: Placing[]): Promise<Map<bigint, Placed>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await settleOrders(parts, placing);
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      if (attempt === SETTLE_TRIES) break;
      await pause(SETTLE_PAUSE_MS * attempt);
    }
  }
  // The outcome is unknown until recover-orders decides; the same request_id returns it afterwards.
  return new Map(
    placing.map(({ planned: { orderId } }) => {
      const refusal = new Refusal(Reason.REQUEST_IN_PROGRESS, { order_id: String(orderId) });
      return [orderId, { kind: "refused", refusal }];
    }),
  );
}

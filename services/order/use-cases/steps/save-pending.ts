import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Holder } from "../../domain/order.ts";
import type { PlannedOrder } from "../../domain/place-request.ts";
import { findRequests, insertPending, type KnownRequest } from "../../store/insert-orders.ts";
import type { Parts } from "../parts.ts";
import { type Placed, type PlaceEntry, type Placing, repetitionOf } from "./placing.ts";

/** The first entry of the batch with its key, and the order that it is going to be. */
type First = { planned: PlannedOrder; entry: PlaceEntry };

const tooLate: Placed = {
  kind: "refused",
  refusal: new Refusal(Reason.RATE_LIMITED, { cause: "deadline_passed_in_queue" }),
};

/**
 * Writes the new orders of a batch as PENDING, in one commit. Repetitions of earlier requests get
 * the earlier order, or REQUEST_ID_REUSED if their contents differ. An entry whose deadline passed
 * while it waited for the batch is refused with RATE_LIMITED, and nothing of it is written.
 */
export async function savePending(
  parts: Parts,
  entries: PlaceEntry[],
): Promise<(Placing | Placed)[]> {
  const firsts = new Map<string, First>();
  const now = Date.now();
  for (const entry of entries) {
    const key = keyOf(entry.command);
    if (entry.deadlineMs <= now || firsts.has(key)) continue;
    const { command, goodsAmountCents } = entry;
    const orderId = parts.identifiers.next();
    const planned = { ...command, ...parts.rules.kept, goodsAmountCents, orderId };
    firsts.set(key, { planned, entry });
  }
  const known = firsts.size > 0 ? await insertNew(parts, firsts) : new Map();
  return entries.map((entry) => {
    const key = keyOf(entry.command);
    const first = firsts.get(key);
    if (!first) return tooLate;
    const earlier = known.get(key);
    if (!earlier && first.entry === entry) {
      const { planned } = first;
      const open = { held: new Set<Holder>(), couponPaidCents: 0n, sold: new Map() };
      return { planned, entry, ...open, refusal: undefined };
    }
    const { orderId } = first.planned;
    const { fingerprint } = first.entry;
    return repetitionOf(earlier ?? { orderId, fingerprint }, entry.fingerprint);
  });
}

/** Inserts the orders whose keys are new, in one transaction, and returns the earlier requests. */
function insertNew(parts: Parts, firsts: Map<string, First>): Promise<Map<string, KnownRequest>> {
  return parts.database.transact("save-pending", async (tx, attempt) => {
    const keys = [...firsts.values()].map(({ planned }) => planned);
    // Nearly every request is new: earlier ones are looked up only after an insert has failed.
    const requests = attempt === 1 ? [] : await findRequests(tx, keys);
    const known = new Map(requests.map((request) => [keyOf(request), request]));
    const unknown = [...firsts].filter(([key]) => !known.has(key));
    await insertPending(
      tx,
      unknown.map(([, { planned, entry }]) => {
        return { ...planned, fingerprint: entry.fingerprint, actor: entry.actor };
      }),
    );
    return known;
  });
}

function keyOf(request: { userId: bigint; requestId: string }): string {
  return `${request.userId} ${request.requestId}`;
}

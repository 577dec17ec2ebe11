import { setTimeout as pause } from "node:timers/promises";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import type { Holder, PlannedOrder } from "../../domain/order.ts";
import { SETTLE_PAUSE_MS, SETTLE_TRIES, STEP_TIMEOUT_MS } from "../../limits.ts";
import { findRequests, insertPending, type KnownRequest } from "../../store/write-orders.ts";
import type { Parts } from "../parts.ts";
import type { Placed, PlaceEntry, Placing } from "./placing.ts";
import { settleOrders } from "./settle-orders.ts";

/**
 * Takes a batch of orders through the steps together: intent, stock, coupon and balance, outcome. One order's refusal
 * never touches another's. Rejects only where nothing of the batch was written, or nobody knows whether it was.
 */
export async function placeBatch(parts: Parts, entries: PlaceEntry[]): Promise<Placed[]> {
  const saved = await savePending(parts, entries);
  const placing = saved.filter((result): result is Placing => "planned" in result);
  if (placing.length === 0) return saved as Placed[];
  const spending = placing.filter(usesBalance);
  const others = placing.filter((one) => !usesBalance(one));
  // Where no balance is used the user is only looked at, which need not wait for the stock.
  const [stock, users] = await Promise.all([askGoods(parts, placing), askUser(parts, others)]);
  noteAll(placing, "goods", stock);
  noteAll(others, "user", users);
  await Promise.all([takeCoupons(parts, placing), takeBalances(parts, spending)]);
  const outcomes = await settle(parts, placing);
  return saved.map((result) =>
    "planned" in result ? (outcomes.get(result.planned.orderId) as Placed) : result,
  );
}

const tooLate: Placed = {
  kind: "refused",
  refusal: new Refusal(Reason.RATE_LIMITED, { cause: "deadline_passed_in_queue" }),
};

type First = { planned: PlannedOrder; entry: PlaceEntry };

/**
 * Writes the intents, and finds out which requests came before. A request whose caller has given up while it waited for
 * a batch is left alone: nothing of it was written, and whoever repeats it begins anew.
 */
async function savePending(parts: Parts, entries: PlaceEntry[]): Promise<(Placing | Placed)[]> {
  const firsts = new Map<string, First>();
  const now = Date.now();
  for (const entry of entries) {
    const key = keyOf(entry.command);
    if (entry.deadlineMs <= now || firsts.has(key)) continue;
    const { command, goodsAmountCents } = entry;
    const planned = { ...command, goodsAmountCents, orderId: parts.identifiers.next() };
    firsts.set(key, { planned, entry });
  }
  const known = firsts.size > 0 ? await insertUnknown(parts, firsts) : new Map();
  return entries.map((entry) => {
    const key = keyOf(entry.command);
    const first = firsts.get(key);
    if (!first) return tooLate;
    const request = known.get(key);
    if (!request && first.entry === entry) {
      const { planned } = first;
      return { planned, entry, held: new Set(), couponPaidCents: 0n, refusal: undefined };
    }
    const { fingerprint } = request ?? first.entry;
    if (!fingerprint.equals(entry.fingerprint)) {
      return { kind: "refused", refusal: new Refusal(Reason.REQUEST_ID_REUSED) };
    }
    return { kind: "repeated", orderId: (request ?? first.planned).orderId };
  });
}

/** Inserts the orders whose key is new, in one transaction; returns what is known of the others. */
async function insertUnknown(
  parts: Parts,
  firsts: Map<string, First>,
): Promise<Map<string, KnownRequest>> {
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

const usesBalance = ({ planned }: Placing) => planned.balanceCents > 0n;

type Answers = (Refusal | Outage | undefined)[];

function askGoods(parts: Parts, placing: Placing[]): Promise<Answers> {
  return step(placing, "goods", (deadlineMs) =>
    parts.goods.reserve(
      placing.map(({ planned }) => ({ orderId: planned.orderId, lines: planned.lines })),
      { deadlineMs },
    ),
  );
}

/** Takes the balance that the orders use; also where that is none, for the user must exist. */
function askUser(parts: Parts, placing: Placing[]): Promise<Answers> {
  return step(placing, "user", (deadlineMs) =>
    parts.user.deduct(
      placing.map(({ planned }) => ({
        orderId: planned.orderId,
        userId: planned.userId,
        amountCents: planned.balanceCents,
      })),
      { deadlineMs },
    ),
  );
}

async function takeBalances(parts: Parts, placing: Placing[]): Promise<void> {
  const wanting = placing.filter((one) => !one.refusal);
  noteAll(wanting, "user", await askUser(parts, wanting));
}

async function takeCoupons(parts: Parts, placing: Placing[]): Promise<void> {
  const wanting = placing.filter((one) => !one.refusal && one.planned.couponId !== 0n);
  const outcomes = await step(wanting, "coupon", (deadlineMs) =>
    parts.coupon.use(
      wanting.map(({ planned }) => ({
        orderId: planned.orderId,
        couponId: planned.couponId,
        userId: planned.userId,
        goodsAmountCents: planned.goodsAmountCents,
      })),
      { deadlineMs },
    ),
  );
  for (const [index, one] of wanting.entries()) {
    const outcome = outcomes[index];
    if (typeof outcome === "bigint") {
      one.couponPaidCents = outcome;
      one.held.add("coupon");
    } else {
      note(one, "coupon", outcome);
    }
  }
}

/**
 * One command to one participant, none for no entries; where it cannot be reached or does not answer, every entry shares
 * the Outage.
 */
async function step<T>(
  placing: Placing[],
  service: Holder,
  call: (deadlineMs: number) => Promise<T[]>,
): Promise<(T | Outage)[]> {
  if (placing.length === 0) return [];
  // On behalf of many callers: as long as the most patient of them waits, but never longer than a step may take.
  const patience = Math.max(...placing.map(({ entry }) => entry.deadlineMs));
  try {
    const outcomes = await call(Math.min(Date.now() + STEP_TIMEOUT_MS, patience));
    if (outcomes.length !== placing.length) throw new Error(`${service} answered too few results`);
    return outcomes;
  } catch (error) {
    const outage =
      error instanceof Outage ? error : new Outage(`${service} failed`, { cause: error });
    return placing.map(() => outage);
  }
}

function noteAll(placing: Placing[], holder: Holder, outcomes: Answers): void {
  for (const [index, one] of placing.entries()) note(one, holder, outcomes[index]);
}

/**
 * Notes what a participant answered: nothing where it holds what the order needs now. The first refusal that is noted is
 * the order's.
 */
function note(one: Placing, holder: Holder, outcome: Refusal | Outage | undefined | bigint): void {
  if (outcome instanceof Refusal) {
    one.refusal ??= outcome;
    return;
  }
  if (outcome instanceof Outage) {
    one.refusal ??= new Refusal(Reason.DEPENDENCY_UNAVAILABLE, { service: holder });
  }
  if (holder !== "user" || usesBalance(one)) one.held.add(holder);
}

async function settle(parts: Parts, placing: Placing[]): Promise<Map<bigint, Placed>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await settleOrders(parts, placing);
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      if (attempt === SETTLE_TRIES) break;
      await pause(SETTLE_PAUSE_MS * attempt);
    }
  }
  // Nobody knows; recovery decides, and the same request_id tells then.
  return new Map(
    placing.map(({ planned: { orderId } }) => {
      const refusal = new Refusal(Reason.REQUEST_IN_PROGRESS, { order_id: String(orderId) });
      return [orderId, { kind: "refused", refusal }];
    }),
  );
}

function keyOf(request: { userId: bigint; requestId: string }): string {
  return `${request.userId} ${request.requestId}`;
}

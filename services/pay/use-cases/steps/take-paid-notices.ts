import { gather } from "#platform/values/gather.ts";
import { Outage } from "#platform/values/refusal.ts";
import type { PaidNotice } from "../../domain/notice.ts";
import { type AcceptedVerdict, judge, VerdictKind } from "../../domain/verdict.ts";
import {
  PAID_NOTICES_BATCH,
  PAID_NOTICES_EVERY_MS,
  PAID_NOTICES_IN_FLIGHT,
  PAID_NOTICES_QUEUE,
} from "../../limits.ts";
import { insertCallbacks } from "../../store/callbacks.ts";
import { type LockedPayment, lockPayments } from "../../store/lock-payments.ts";
import type { Parts } from "../parts.ts";
import { markPaid } from "./mark-paid.ts";
import { newCallback, type ReceivedNotice } from "./received-notice.ts";

type Needed = Pick<Parts, "database" | "identifiers" | "outbox">;

/**
 * Batches the common case: a new notice that pays an open payment. Notices in flight at the same
 * moment share a transaction. Any other notice gets undefined, and needs a
 * transaction of its own (take-notice.ts); the batch waits for none of them, nor for a locked
 * payment.
 */
export function gatherPaidNotices(parts: Needed): Parts["paidNotices"] {
  return gather({
    run: async (batch) => {
      try {
        return await takePaidNotices(parts, batch);
      } catch (error) {
        if (error instanceof Outage) throw error;
        // One notice breaks the batch. Each is handled alone, so only that one fails.
        return batch.map(() => undefined);
      }
    },
    maxBatch: PAID_NOTICES_BATCH,
    maxQueue: PAID_NOTICES_QUEUE,
    maxInFlight: PAID_NOTICES_IN_FLIGHT,
    everyMs: PAID_NOTICES_EVERY_MS,
  });
}

async function takePaidNotices(
  parts: Needed,
  batch: readonly ReceivedNotice<PaidNotice>[],
): Promise<(AcceptedVerdict | undefined)[]> {
  const taken = await parts.database.transact("take-payments", async (tx, attempt) => {
    // A notice is stored already, or two batches blocked each other. Each notice is handled alone.
    if (attempt > 1) return [];
    const ids = batch.map(({ notice }) => notice.paymentId);
    const payments = await lockPayments(tx, ids, { skipLocked: true });
    const paid = batch.flatMap((received) => {
      const payment = payments.get(received.notice.paymentId);
      const verdict = payment && accept(payment, received);
      if (!verdict) return [];
      payments.delete(payment.paymentId);
      return [{ payment, received, verdict }];
    });
    const callbacks = paid.map(({ received, verdict }) => newCallback(parts, received, verdict));
    await insertCallbacks(tx, callbacks);
    await markPaid(tx, parts, paid);
    return paid;
  });
  const verdicts = new Map(taken.map(({ received, verdict }) => [received, verdict]));
  return batch.map((received) => verdicts.get(received));
}

function accept(
  payment: LockedPayment,
  { notice, provider }: ReceivedNotice<PaidNotice>,
): AcceptedVerdict | undefined {
  if (payment.provider !== provider.name) return undefined;
  // No other payment has the trade id: by the unique key, which breaks the batch if one has.
  const verdict = judge(notice, { payment, tradeOwnerId: undefined });
  return verdict.kind === VerdictKind.ACCEPTED ? verdict : undefined;
}

import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Transaction } from "#platform/db/database.ts";
import { type Gather, gather } from "#platform/values/gather.ts";
import { Outage } from "#platform/values/refusal.ts";
import type { PaidNotice } from "../../domain/payment.ts";
import { changePayment } from "../../domain/payment-state.ts";
import { type Accepted, judge, VERDICT } from "../../domain/verdict.ts";
import {
  PAYMENTS_BATCH,
  PAYMENTS_EVERY_MS,
  PAYMENTS_IN_FLIGHT,
  PAYMENTS_QUEUE,
} from "../../limits.ts";
import { insertCallbacks } from "../../store/callbacks.ts";
import { insertLog } from "../../store/payment-log.ts";
import { type LockedPayment, lockPayments, writePaid } from "../../store/payments.ts";
import type { Parts } from "../parts.ts";
import { type Evidence, logEntries, newRecord } from "./evidence.ts";

/** A payment that money came in for, with what says so. */
export type Paid = { payment: LockedPayment; evidence: Evidence<PaidNotice>; judgement: Accepted };

export type TakePayments = Gather<Evidence<PaidNotice>, Accepted | undefined>;
type Taking = Pick<Parts, "database" | "identifiers" | "outbox">;

/**
 * Takes notices together that are in flight at the same moment, where they are as nearly all are: each pays an open
 * payment whose trade is known, and comes for the first time. Undefined for any other: it needs a transaction of its own
 * (take-notice.ts), and nobody waits here for what keeps it, such as a payment that is locked.
 */
export function createTakePayments(parts: Taking): TakePayments {
  return gather({
    run: async (batch) => {
      try {
        return await takePayments(parts, batch);
      } catch (error) {
        if (error instanceof Outage) throw error;
        // Whose fault it was comes out where each is taken by itself.
        return batch.map(() => undefined);
      }
    },
    maxBatch: PAYMENTS_BATCH,
    maxQueue: PAYMENTS_QUEUE,
    maxInFlight: PAYMENTS_IN_FLIGHT,
    everyMs: PAYMENTS_EVERY_MS,
  });
}

async function takePayments(
  parts: Taking,
  batch: readonly Evidence<PaidNotice>[],
): Promise<(Accepted | undefined)[]> {
  const taken = await parts.database.transact("take-payments", async (tx, attempt) => {
    // A notice was on record already, or two blocked each other. Each is then handled alone.
    if (attempt > 1) return [];
    const ids = batch.map(({ notice }) => notice.paymentId);
    const payments = await lockPayments(tx, ids, { skipLocked: true });
    const paid = batch.flatMap((evidence) => {
      const payment = payments.get(evidence.notice.paymentId);
      const judgement = payment && accepted(payment, evidence);
      if (!judgement) return [];
      payments.delete(payment.paymentId);
      return [{ payment, evidence, judgement }];
    });
    const records = paid.map(({ evidence, judgement }) => newRecord(parts, evidence, judgement));
    await insertCallbacks(tx, records);
    await markPaid(tx, parts, paid);
    return paid;
  });
  const judgements = new Map(taken.map(({ evidence, judgement }) => [evidence, judgement]));
  return batch.map((evidence) => judgements.get(evidence));
}

function accepted(
  payment: LockedPayment,
  { notice, platform }: Evidence<PaidNotice>,
): Accepted | undefined {
  if (payment.provider !== platform.name || payment.tradeId !== notice.tradeId) return undefined;
  // The trade is this payment's, and a key keeps it from any other.
  const facts = { payment, tradeOwnerId: payment.paymentId, merchantId: platform.merchantId };
  const judgement = judge(notice, facts);
  return judgement.verdict === VERDICT.ACCEPTED ? judgement : undefined;
}

/** Payments that this transaction has locked become paid, each with its log and its event. */
export async function markPaid(
  tx: Transaction,
  parts: Pick<Parts, "identifiers" | "outbox">,
  paid: readonly Paid[],
): Promise<void> {
  await insertLog(
    tx,
    paid.flatMap(({ evidence, judgement }) => logEntries(parts, evidence, judgement)),
  );
  await parts.outbox.add(
    tx,
    paid.map(({ payment, evidence: { notice, traceparent } }) => {
      const { paymentId, orderId, userId, amountCents } = payment;
      const payTime = timestampFromDate(notice.payTime);
      return {
        fact: "pay.v1.succeeded",
        message: { paymentId, orderId, userId, amountCents, payTime },
        aggregateId: orderId,
        traceparent,
      };
    }),
  );
  await writePaid(
    tx,
    paid.map(({ payment: { paymentId, status }, evidence: { notice }, judgement }) => {
      const { tradeId, payTime } = notice;
      return { paymentId, status: changePayment(status, judgement.change), tradeId, payTime };
    }),
  );
}

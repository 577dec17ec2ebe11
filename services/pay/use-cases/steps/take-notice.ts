import type { Transaction } from "#platform/db/database.ts";
import { isMoved, paymentIdOf } from "../../domain/notice.ts";
import { judge, storeAction, type Verdict } from "../../domain/verdict.ts";
import { MAX_LOGGED_REPETITIONS } from "../../limits.ts";
import {
  countRepetition,
  insertCallbacks,
  lockNotice,
  writeVerdict,
} from "../../store/callbacks.ts";
import { lockPayment, ownerOfTrade } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import { mergedReferences } from "../../store/stored-payment.ts";
import { writeMoved } from "../../store/write-payments.ts";
import type { Parts } from "../parts.ts";
import { markPaid } from "./mark-paid.ts";
import {
  isPaid,
  logEntries,
  newCallback,
  type ReceivedNotice,
  verdictColumns,
} from "./received-notice.ts";

type Needed = Pick<Parts, "identifiers" | "outbox" | "wake">;

/** `ageMs`: since the notice arrived for the first time. */
export type TakenNotice = { verdict: Verdict; ageMs: number };

/**
 * Judges a notice about a payment, stores the verdict, and, if money came in, marks the payment
 * paid: all in this transaction. A payment that moved at its provider is queried soon. Refunds and
 * disputes have take-money-notice.ts.
 */
export async function takeNotice(
  tx: Transaction,
  parts: Needed,
  received: ReceivedNotice,
): Promise<TakenNotice> {
  const { notice, provider } = received;
  const paymentId = paymentIdOf(notice);
  const found = paymentId === undefined ? undefined : await lockPayment(tx, paymentId);
  const payment = found?.provider === provider.name ? found : undefined;
  const tradeOwnerId = await tradeOwner(tx, received);
  const verdict = judge(notice, { payment, tradeOwnerId });
  const { repeats, ageMs } = await storeVerdict(tx, parts, { received, verdict });
  if (!payment) return { verdict, ageMs };
  if ("transition" in verdict && isPaid(received)) {
    await markPaid(tx, parts, [{ payment, received, verdict }]);
  } else if (repeats <= MAX_LOGGED_REPETITIONS) {
    await insertLog(tx, logEntries(parts, received, verdict));
  }
  if (isMoved(notice)) {
    const providerReferences = mergedReferences(payment, notice.references);
    await writeMoved(tx, { paymentId: payment.paymentId, providerReferences });
    tx.afterCommit(parts.wake.payments);
  }
  return { verdict, ageMs };
}

async function tradeOwner(
  tx: Transaction,
  { notice, provider }: ReceivedNotice,
): Promise<bigint | undefined> {
  if (notice.kind !== "paid") return undefined;
  return ownerOfTrade(tx, { provider: provider.name, tradeId: notice.tradeId });
}

/**
 * Stores the verdict; returns how many times the same notice arrived before, and since when it
 * arrives.
 */
export async function storeVerdict(
  tx: Transaction,
  parts: Pick<Parts, "identifiers">,
  { received, verdict }: { received: ReceivedNotice; verdict: Verdict },
): Promise<{ repeats: number; ageMs: number }> {
  const { notice, provider, raw, callbackId } = received;
  const { noticeId } = notice;
  const paymentId = paymentIdOf(notice) ?? null;
  const known = await lockNotice(tx, { provider: provider.name, noticeId });
  const columns = verdictColumns(verdict, { noticeId, paymentId });
  const callback = newCallback(parts, received, verdict);
  const isJudgedAgain = callbackId !== undefined;
  switch (storeAction(known?.verdict, verdict.kind)) {
    case "insert":
      if (isJudgedAgain) await writeVerdict(tx, callbackId, columns);
      else await insertCallbacks(tx, [callback]);
      return { repeats: 0, ageMs: 0 };
    case "count":
      if (known && !isJudgedAgain) await countRepetition(tx, known.callbackId);
      break;
    case "replace":
      if (known) {
        const latest = isJudgedAgain ? {} : { raw };
        await writeVerdict(tx, known.callbackId, { ...columns, ...latest });
      }
      break;
    case "separate":
      if (!isJudgedAgain) await insertCallbacks(tx, [{ ...callback, noticeId: null }]);
  }
  return { repeats: (known?.repeats ?? 0) + 1, ageMs: known?.ageMs ?? 0 };
}

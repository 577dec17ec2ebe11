import type { Transaction } from "#platform/db/database.ts";
import type { Notice, PaidNotice } from "../../domain/payment.ts";
import { type Judgement, judge, recording } from "../../domain/verdict.ts";
import { MAX_LOGGED_REPETITIONS } from "../../limits.ts";
import {
  countRepetition,
  insertCallbacks,
  lockNotice,
  writeJudgement,
} from "../../store/callbacks.ts";
import { insertLog } from "../../store/payment-log.ts";
import { lockPayment, ownerOfTrade } from "../../store/payments.ts";
import type { Parts } from "../parts.ts";
import { type Evidence, judgedOf, logEntries, newRecord } from "./evidence.ts";
import { markPaid } from "./take-payments.ts";

type Taking = Pick<Parts, "identifiers" | "outbox">;

/**
 * Gives a notice its effect in this transaction, whatever it is: judges it, puts it on record, and where money came in,
 * marks the payment paid, with its log and its event.
 */
export async function takeNotice(
  tx: Transaction,
  parts: Taking,
  evidence: Evidence,
): Promise<Judgement> {
  const { notice, platform } = evidence;
  const { name: provider, merchantId } = platform;
  const found = await lockPayment(tx, notice.paymentId);
  const payment = found?.provider === provider ? found : undefined;
  const tradeOwnerId = await ownerOfTrade(tx, { provider, tradeId: notice.tradeId });
  const judgement = judge(notice, { payment, tradeOwnerId, merchantId });
  const repeats = await record(tx, parts, { evidence, judgement });
  if (!payment) return judgement;
  if ("change" in judgement && isPaid(evidence)) {
    await markPaid(tx, parts, [{ payment, evidence, judgement }]);
  } else if (repeats <= MAX_LOGGED_REPETITIONS) {
    await insertLog(tx, logEntries(parts, evidence, judgement));
  }
  return judgement;
}

export const isPaid = (evidence: Evidence<Notice>): evidence is Evidence<PaidNotice> =>
  evidence.notice.state === "paid";

/** Puts the judgement on record; answers how often this notice has come before. */
async function record(
  tx: Transaction,
  parts: Taking,
  { evidence, judgement }: { evidence: Evidence; judgement: Judgement },
): Promise<number> {
  const { notice, platform, content, recordId } = evidence;
  const { noticeId, paymentId } = notice;
  const known = await lockNotice(tx, { provider: platform.name, noticeId });
  const judged = judgedOf(judgement, { noticeId, paymentId });
  const fresh = newRecord(parts, evidence, judgement);
  const isAgain = recordId !== undefined;
  switch (recording(known?.verdict, judgement.verdict)) {
    case "insert":
      if (isAgain) await writeJudgement(tx, recordId, { ...judged, content: undefined });
      else await insertCallbacks(tx, [fresh]);
      return 0;
    case "count":
      if (known && !isAgain) await countRepetition(tx, known.callbackId);
      break;
    case "replace":
      if (known) {
        const latest = isAgain ? undefined : content;
        await writeJudgement(tx, known.callbackId, { ...judged, content: latest });
      }
      break;
    case "apart":
      if (!isAgain) await insertCallbacks(tx, [{ ...fresh, noticeId: null }]);
  }
  return (known?.repeats ?? 0) + 1;
}

import type { Transaction } from "#platform/db/database.ts";
import { amountText } from "#platform/values/currencies.ts";
import { afterDisputeNotice } from "../../domain/dispute.ts";
import type { DisputeNotice } from "../../domain/notice.ts";
import { LogType } from "../../domain/payment.ts";
import { type Verdict, VerdictKind } from "../../domain/verdict.ts";
import { lockDispute, writeDispute } from "../../store/disputes.ts";
import type { LockedPayment } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import type { Parts } from "../parts.ts";
import type { ReceivedNotice } from "./received-notice.ts";

const LOG_TYPE_OF = {
  opened: LogType.DISPUTE_OPENED,
  updated: LogType.DISPUTE_OPENED,
  funds_withdrawn: LogType.DISPUTE_WITHDRAWN,
  funds_reinstated: LogType.DISPUTE_REINSTATED,
  won: LogType.DISPUTE_CLOSED,
  lost: LogType.DISPUTE_CLOSED,
} as const;

/**
 * Stores what a verified notice says of a dispute of this payment, whose row the transaction has
 * locked, and logs it. The payment and its refunds stay as they are: a dispute moves money between
 * the provider and the shop, which the books derive from the row.
 */
export async function takeDisputeNotice(
  tx: Transaction,
  { identifiers }: Pick<Parts, "identifiers">,
  { received, payment }: { received: ReceivedNotice<DisputeNotice>; payment: LockedPayment },
): Promise<Verdict> {
  const { notice, provider } = received;
  const { disputeId, currency, state, amountCents, feeCents } = notice;
  const { paymentId } = payment;
  const key = { provider: provider.name, disputeId };
  const known = await lockDispute(tx, key);
  const dispute = afterDisputeNotice(known, notice);
  if (!dispute) return { kind: VerdictKind.REPEATED };
  await writeDispute(tx, { ...key, paymentId, currency }, { dispute, isNew: !known });
  const fee = feeCents === 0n ? "" : `, fee ${amountText(feeCents, currency)}`;
  const detail = `dispute ${disputeId} of ${amountText(amountCents, currency)}${fee}: ${state}`;
  const logId = identifiers.next();
  await insertLog(tx, [{ logId, paymentId, type: LOG_TYPE_OF[state], detail }]);
  return { kind: VerdictKind.RECORDED };
}

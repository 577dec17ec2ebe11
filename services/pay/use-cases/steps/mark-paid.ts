import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Transaction } from "#platform/db/database.ts";
import type { PaidNotice } from "../../domain/notice.ts";
import { applyPayment } from "../../domain/payment-transitions.ts";
import type { AcceptedVerdict } from "../../domain/verdict.ts";
import type { LockedPayment } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import { mergedReferences } from "../../store/stored-payment.ts";
import { writePaid } from "../../store/write-payments.ts";
import type { Parts } from "../parts.ts";
import { logEntries, type ReceivedNotice } from "./received-notice.ts";

/** A payment with the notice that pays it. */
type Paid = {
  payment: LockedPayment;
  received: ReceivedNotice<PaidNotice>;
  verdict: AcceptedVerdict;
};

/** Marks payments that this transaction has locked as paid, each with a log entry and an event. */
export async function markPaid(
  tx: Transaction,
  parts: Pick<Parts, "identifiers" | "outbox">,
  paid: readonly Paid[],
): Promise<void> {
  await insertLog(
    tx,
    paid.flatMap(({ received, verdict }) => logEntries(parts, received, verdict)),
  );
  await parts.outbox.add(
    tx,
    paid.map(({ payment, received: { notice, traceparent } }) => {
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
    paid.map(({ payment, received: { notice }, verdict }) => {
      const { tradeId, payTime } = notice;
      const status = applyPayment(payment.status, verdict.transition);
      const providerReferences = mergedReferences(payment, notice.references);
      return { paymentId: payment.paymentId, status, tradeId, providerReferences, payTime };
    }),
  );
}

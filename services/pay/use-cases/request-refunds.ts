import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { amountText } from "#platform/values/currencies.ts";
import { LogType } from "../domain/payment.ts";
import { addRefund } from "../domain/refund.ts";
import { lockPayments } from "../store/lock-payments.ts";
import { insertLog, type NewLogEntry } from "../store/payment-log.ts";
import { insertRefunds, lockRefunds } from "../store/refunds.ts";
import { writeRefundRequested } from "../store/write-payments.ts";
import type { Parts } from "./parts.ts";

type Requested = {
  orderId: bigint;
  refundId: bigint;
  paymentId: bigint;
  payAmountCents: bigint;
};

/**
 * Stores the refunds that the order service requests; the sweep carries them out. Idempotent by
 * refund id. Throws if the payment has not come in, or less than all its refunds, so that the
 * message is parked for an operator.
 */
export async function requestRefunds(
  { database, identifiers, wake }: Pick<Parts, "database" | "identifiers" | "wake">,
  deliveries: readonly Delivery<Requested>[],
): Promise<void> {
  await database.transact("request-refunds", async (tx) => {
    const wanted = new Map<bigint, Requested>();
    for (const { message } of await admitEvents(tx, deliveries)) {
      mustBeSame(wanted.get(message.refundId), message);
      wanted.set(message.refundId, message);
    }
    const requests = [...wanted.values()];
    const payments = await lockPayments(
      tx,
      requests.map(({ paymentId }) => paymentId),
    );
    const known = await lockRefunds(tx, wanted.keys().toArray());
    const log: NewLogEntry[] = [];
    const added: Requested[] = [];
    for (const request of requests) {
      const { refundId, paymentId, orderId, payAmountCents } = request;
      const found = known.get(refundId);
      if (found) {
        mustBeSame({ ...found, payAmountCents: found.amountCents }, request);
        continue;
      }
      const payment = payments.get(paymentId);
      if (payment?.orderId !== orderId) {
        throw new Error(`refund ${refundId}: order ${orderId} has no payment ${paymentId}`);
      }
      const refundRequestedCents = addRefund(payment, payAmountCents);
      payments.set(paymentId, { ...payment, refundRequestedCents });
      await writeRefundRequested(tx, { paymentId, refundRequestedCents });
      const detail = `refund ${refundId} of ${amountText(payAmountCents, payment.currency)}`;
      const logId = identifiers.next();
      log.push({ logId, paymentId, type: LogType.REFUND_REQUESTED, detail });
      added.push(request);
    }
    await insertRefunds(
      tx,
      added.map(({ payAmountCents: amountCents, ...refund }) => ({ ...refund, amountCents })),
    );
    await insertLog(tx, log);
    if (added.length > 0) tx.afterCommit(wake.refunds);
  });
}

function mustBeSame(first: Requested | undefined, second: Requested): void {
  if (!first) return;
  const isSame =
    first.paymentId === second.paymentId && first.payAmountCents === second.payAmountCents;
  if (isSame) return;
  const { refundId, paymentId, payAmountCents } = second;
  throw new Error(
    `refund ${refundId} was requested as ${first.payAmountCents} cents of payment ` +
      `${first.paymentId}, now as ${payAmountCents} cents of payment ${paymentId}`,
  );
}

import { admitEvents, type Delivery } from "#platform/events/inbox.ts";
import { LOG_TYPE } from "../domain/payment.ts";
import { addRefund } from "../domain/refund.ts";
import { insertLog, type NewLogEntry } from "../store/payment-log.ts";
import { lockPayments, writeRefundRequested } from "../store/payments.ts";
import { insertRefunds, lockRefunds } from "../store/refunds.ts";
import type { Parts } from "./parts.ts";

type Requested = {
  orderId: bigint;
  refundId: bigint;
  paymentId: bigint;
  payAmountCents: bigint;
};

/**
 * Writes down the refunds that the order service asks for; the sweep carries them out. A refund that is known changes
 * nothing. One of a payment that never came in, or of more than came in, is thrown, and ends where a person sees it.
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
      const { refundId, paymentId, payAmountCents } = request;
      const found = known.get(refundId);
      if (found) {
        mustBeSame({ ...found, payAmountCents: found.amountCents }, request);
        continue;
      }
      const payment = payments.get(paymentId);
      if (payment?.orderId !== request.orderId) {
        throw new Error(`refund ${refundId} is of payment ${paymentId}, which its order has not`);
      }
      const refundRequestedCents = addRefund(payment, payAmountCents);
      payments.set(paymentId, { ...payment, refundRequestedCents });
      await writeRefundRequested(tx, { paymentId, refundRequestedCents });
      const detail = `refund ${refundId} of ${payAmountCents} cents`;
      const logId = identifiers.next();
      log.push({ logId, paymentId, type: LOG_TYPE.REFUND_REQUESTED, detail });
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
  if (!isSame) throw new Error(`refund ${second.refundId} is asked for with other contents`);
}

import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { notPayable, type PayableOrder } from "../../domain/payable.ts";
import { PaymentStatus } from "../../domain/payment.ts";
import type { Opened, PaymentProvider } from "../../providers/provider.ts";
import { type LockedPayment, lockPayment } from "../../store/lock-payments.ts";
import { actionColumns, mergedReferences, storedPayment } from "../../store/stored-payment.ts";
import { writeOpened } from "../../store/write-payments.ts";
import type { Parts } from "../parts.ts";

/**
 * Opens the payment at its provider, or gives it a new return URL there, and stores what the
 * shopper does to pay, the provider's numbers and the return URL. Refuses with
 * PROVIDER_UNAVAILABLE if the provider does not answer, and with ORDER_STATE_INVALID if the payment
 * was closed meanwhile.
 */
export async function openPayment(
  { database }: Pick<Parts, "database">,
  {
    order,
    provider,
    payment,
  }: { order: PayableOrder; provider: PaymentProvider; payment: LockedPayment },
): Promise<void> {
  const { paymentId, returnUrl } = payment;
  const description = `Order ${order.orderId}`;
  const opening = { ...storedPayment(payment), returnUrl, description };
  const opened = await refuseOutage(provider, () => provider.open(opening));
  const stored = await database.transact("store-checkout", async (tx) => {
    const current = await lockPayment(tx, paymentId);
    if (!current) throw new Error(`payment ${paymentId} has no row`);
    const columns = {
      paymentId,
      returnUrl,
      tradeId: knownTradeId(current, opened),
      providerReferences: mergedReferences(current, opened.references),
      ...actionColumns(opened.action),
    };
    await writeOpened(tx, columns);
    return { ...current, ...columns };
  });
  if (stored.status !== PaymentStatus.CLOSED) return;
  // Closed while it was being opened. An outage is harmless: the shopper never gets the address.
  await provider.close(storedPayment(stored)).catch((error: unknown) => {
    if (!(error instanceof Outage)) throw error;
  });
  throw notPayable(order, "payments_closed");
}

function knownTradeId({ paymentId, tradeId }: LockedPayment, opened: Opened): string | null {
  if (opened.tradeId === undefined) return tradeId;
  if (tradeId === null || tradeId === opened.tradeId) return opened.tradeId;
  throw new Error(`payment ${paymentId} has the trade ids ${tradeId} and ${opened.tradeId}`);
}

async function refuseOutage<T>({ name }: PaymentProvider, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    const refusal = new Refusal(Reason.PROVIDER_UNAVAILABLE, { provider: name });
    refusal.cause = error;
    throw refusal;
  }
}

import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { notPayable, type PayableOrder } from "../../domain/payable.ts";
import { PaymentStatus } from "../../domain/payment.ts";
import type { PaymentProvider } from "../../providers/provider.ts";
import { type LockedPayment, lockPayment } from "../../store/lock-payments.ts";
import { writeCheckout } from "../../store/write-payments.ts";
import type { Parts } from "../parts.ts";

/**
 * Opens the payment at its provider, or gives it a new return URL there, and stores trade id,
 * checkout address and return URL. Refuses with
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
  const opened = await refuseOutage(provider, () => provider.open(payment));
  const { tradeId } = opened;
  const status = await database.transact("store-checkout", async (tx) => {
    const current = await lockPayment(tx, paymentId);
    if (!current) throw new Error(`payment ${paymentId} has no row`);
    if (current.tradeId !== null && current.tradeId !== tradeId) {
      throw new Error(`payment ${paymentId} has the trade ids ${current.tradeId} and ${tradeId}`);
    }
    await writeCheckout(tx, { paymentId, returnUrl, ...opened });
    return current.status;
  });
  if (status !== PaymentStatus.CLOSED) return;
  // Closed while it was being opened. An outage is harmless: the shopper never gets the address.
  await provider.close({ ...payment, tradeId }).catch((error: unknown) => {
    if (!(error instanceof Outage)) throw error;
  });
  throw notPayable(order, "payments_closed");
}

async function refuseOutage<T>({ name }: PaymentProvider, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Outage)) throw error;
    throw new Refusal(Reason.PROVIDER_UNAVAILABLE, { provider: name });
  }
}

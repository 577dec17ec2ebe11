import { Outage } from "#platform/values/refusal.ts";
import { LOG_TYPE, PAYMENT_STATUS, type PaidNotice } from "../../domain/payment.ts";
import { changePayment } from "../../domain/payment-state.ts";
import { VERDICT } from "../../domain/verdict.ts";
import type { PaymentPlatform, PlatformPayment } from "../../providers/provider.ts";
import { SOURCE } from "../../store/callbacks.ts";
import { insertLog } from "../../store/payment-log.ts";
import { type LockedPayment, lockPayment, writeClosed } from "../../store/payments.ts";
import type { Parts } from "../parts.ts";
import { platformNamed } from "./platforms.ts";
import { takeNotice } from "./take-notice.ts";

/** "disputed": the platform says that it was paid, but not what was asked for; a person has to look. */
export type Settled = "open" | "paid" | "closed" | "disputed";

export type Settling = Pick<Parts, "database" | "identifiers" | "outbox" | "platforms">;
type Paid = Extract<PlatformPayment, { state: "paid" }>;

/**
 * Asks the platform what became of an open payment, or closes it there, and does here what it says. Throws an Outage
 * where the platform does not answer. Safe to repeat, and beside callbacks: the payment's row decides.
 */
export async function settlePayment(
  parts: Settling,
  payment: LockedPayment,
  { closing }: { closing: boolean },
): Promise<Settled> {
  const platform = platformNamed(parts, payment.provider);
  const { paymentId } = payment;
  if (closing && (await closeThere(platform, payment)) === "closed") {
    return closeHere(parts, paymentId, "closed at the platform");
  }
  const found = await platform.query(paymentId);
  switch (found.state) {
    case "paid":
      return takePaid(parts, { platform, payment, found });
    case "closed":
      return closeHere(parts, paymentId, "found closed at the platform");
    default:
      // Not opened there yet, or nothing happened so far.
      if (closing) throw new Outage(`the platform contradicts itself about payment ${paymentId}`);
      return "open";
  }
}

async function closeThere(
  platform: PaymentPlatform,
  payment: LockedPayment,
): Promise<"closed" | "paid"> {
  const { paymentId } = payment;
  let answer = await platform.close(paymentId);
  if (answer === "unknown_payment") {
    // CreatePayment may be just opening it: once we have opened and closed it, whoever is late gets the closed one.
    await platform.open(payment);
    answer = await platform.close(paymentId);
  }
  if (answer === "unknown_payment") {
    throw new Outage(`the platform forgot payment ${paymentId}, which it had just opened`);
  }
  return answer;
}

function closeHere(
  { database, identifiers }: Settling,
  paymentId: bigint,
  detail: string,
): Promise<Settled> {
  return database.transact("close-payment", async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    if (!payment) throw new Error(`payment ${paymentId} is gone`);
    if (payment.status === PAYMENT_STATUS.CLOSED) return "closed";
    if (payment.status !== PAYMENT_STATUS.OPEN) return "paid";
    await writeClosed(tx, { paymentId, status: changePayment(payment.status, "close") });
    const logId = identifiers.next();
    await insertLog(tx, [{ logId, paymentId, type: LOG_TYPE.CLOSED, detail }]);
    return "closed";
  });
}

/** What the platform answered is taken like a callback that it sent. */
async function takePaid(
  parts: Settling,
  { platform, payment, found }: { platform: PaymentPlatform; payment: LockedPayment; found: Paid },
): Promise<Settled> {
  const { paymentId } = payment;
  const { merchantId } = platform;
  const { tradeId, amountCents, currency, payTime } = found;
  const text = JSON.stringify({ ...found, amountCents: String(amountCents) });
  const notice: PaidNotice = {
    state: "paid",
    noticeId: `query:${paymentId}`,
    merchantId,
    paymentId,
    tradeId,
    amountCents,
    currency,
    payTime,
  };
  const judgement = await parts.database.transact("accept-payment", (tx) =>
    takeNotice(tx, parts, {
      notice,
      platform,
      source: SOURCE.QUERY,
      content: { headers: {}, body: Buffer.from(text) },
    }),
  );
  return judgement.verdict === VERDICT.REFUSED ? "disputed" : "paid";
}

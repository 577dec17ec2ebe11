import { Outage } from "#platform/values/refusal.ts";
import { LogType, PaymentStatus } from "../../domain/payment.ts";
import { applyPayment } from "../../domain/payment-transitions.ts";
import { VerdictKind } from "../../domain/verdict.ts";
import type { PaymentProvider, ProviderPayment } from "../../providers/provider.ts";
import { Source } from "../../store/entities.ts";
import { type LockedPayment, lockPayment } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import { writeClosed } from "../../store/write-payments.ts";
import type { Parts } from "../parts.ts";
import { providerOf } from "./find-provider.ts";
import type { ReceivedNotice } from "./received-notice.ts";
import { takeNotice } from "./take-notice.ts";

/**
 * "mismatched": the provider says that the payment was paid, but not what the shop asked for. An
 * operator has to look into it.
 */
export type Settled = "open" | "paid" | "closed" | "mismatched";

export type SettlingParts = Pick<Parts, "database" | "identifiers" | "outbox" | "providers">;

/**
 * Queries an open payment at its provider, or closes it there if `closing`, and brings the shop's
 * row to the same state. Throws an Outage if the provider does not answer. Idempotent, and safe
 * beside callbacks: all lock the payment's row.
 */
export async function settlePayment(
  parts: SettlingParts,
  payment: LockedPayment,
  { closing }: { closing: boolean },
): Promise<Settled> {
  const provider = providerOf(parts, payment);
  const { paymentId } = payment;
  if (closing && (await closeAtProvider(provider, payment)) === "closed") {
    return closeHere(parts, paymentId, "closed at the provider");
  }
  const found = await provider.query(payment);
  switch (found.state) {
    case "paid":
      return takePaid(parts, { provider, paymentId, found });
    case "closed":
      return closeHere(parts, paymentId, "found closed at the provider");
    default:
      // Not opened at the provider yet, or opened and not paid yet.
      if (!closing) return "open";
      throw new Outage(
        `provider ${provider.name} reports payment ${paymentId} as paid, then as ${found.state}`,
      );
  }
}

async function closeAtProvider(
  provider: PaymentProvider,
  payment: LockedPayment,
): Promise<"closed" | "paid"> {
  let answer = await provider.close(payment);
  if (answer === "unknown_payment") {
    // A CreatePayment may be about to open it. Opening it first makes sure that the late call gets
    // the closed payment.
    await provider.open(payment);
    answer = await provider.close(payment);
  }
  if (answer !== "unknown_payment") return answer;
  const { paymentId } = payment;
  throw new Outage(`provider ${provider.name} does not know payment ${paymentId} after opening it`);
}

function closeHere(
  { database, identifiers }: SettlingParts,
  paymentId: bigint,
  detail: string,
): Promise<Settled> {
  return database.transact("close-payment", async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    if (!payment) throw new Error(`payment ${paymentId} has no row`);
    if (payment.status === PaymentStatus.CLOSED) return "closed";
    if (payment.status !== PaymentStatus.OPEN) return "paid";
    await writeClosed(tx, { paymentId, status: applyPayment(payment.status, "close") });
    const logId = identifiers.next();
    await insertLog(tx, [{ logId, paymentId, type: LogType.CLOSED, detail }]);
    return "closed";
  });
}

/** Takes the answer to a query as if the provider had sent it in a callback. */
async function takePaid(
  parts: SettlingParts,
  {
    provider,
    paymentId,
    found,
  }: {
    provider: PaymentProvider;
    paymentId: bigint;
    found: Extract<ProviderPayment, { state: "paid" }>;
  },
): Promise<Settled> {
  const { merchantId } = provider;
  const { tradeId, amountCents, currency, payTime } = found;
  const text = JSON.stringify({ ...found, amountCents: String(amountCents) });
  const received: ReceivedNotice = {
    notice: {
      kind: "paid",
      noticeId: `query:${paymentId}`,
      merchantId,
      paymentId,
      tradeId,
      amountCents,
      currency,
      payTime,
    },
    provider,
    source: Source.QUERY,
    raw: { headers: {}, body: Buffer.from(text) },
  };
  const verdict = await parts.database.transact("accept-payment", (tx) =>
    takeNotice(tx, parts, received),
  );
  return verdict.kind === VerdictKind.REFUSED ? "mismatched" : "paid";
}

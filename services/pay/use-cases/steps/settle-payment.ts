import { Outage } from "#platform/values/refusal.ts";
import { LogType, PaymentStatus } from "../../domain/payment.ts";
import { applyPayment } from "../../domain/payment-transitions.ts";
import { VerdictKind } from "../../domain/verdict.ts";
import { EXPIRY_MARGIN_MS } from "../../limits.ts";
import type { PaymentProvider, ProviderPayment, References } from "../../providers/provider.ts";
import { Source } from "../../store/entities.ts";
import { type LockedPayment, lockPayment } from "../../store/lock-payments.ts";
import { insertLog } from "../../store/payment-log.ts";
import { actionOf, mergedReferences, storedPayment } from "../../store/stored-payment.ts";
import { writeClosed, writeReferences } from "../../store/write-payments.ts";
import type { Parts } from "../parts.ts";
import { providerOf } from "./find-provider.ts";
import type { ReceivedNotice } from "./received-notice.ts";
import { takeNotice } from "./take-notice.ts";

/**
 * "not_begun": the shopper has not begun to pay, and still can until the payment expires; until
 * then its provider cannot close it. "processing": its money is on the way. "mismatched": the
 * provider says that the payment was paid, but not what the shop asked for. An operator has to look
 * into it.
 */
export type Settled = "open" | "not_begun" | "processing" | "paid" | "closed" | "mismatched";

const CLOSED_THERE = "closed at the provider";

export type SettlingParts = Pick<
  Parts,
  "database" | "identifiers" | "outbox" | "providers" | "wake"
>;

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
  const stored = storedPayment(payment);
  const answer = closing ? await provider.close(stored) : undefined;
  if (answer === "closed") return closeHere(parts, { paymentId, detail: CLOSED_THERE });
  if (answer === "not_begun") return giveUp(parts, payment);
  // Too early to close it.
  if (typeof answer === "object") return "open";
  const found = await provider.query(stored);
  if ("references" in found) await keepReferences(parts, paymentId, found.references);
  switch (found.state) {
    case "paid":
      return takePaid(parts, { provider, paymentId, found });
    case "closed":
      return closeHere(parts, { paymentId, detail: "found closed at the provider" });
    case "open":
      if (answer === undefined) return "open";
      throw new Outage(
        `provider ${provider.name} reports payment ${paymentId} as ${answer}, then as open`,
      );
    default:
      return found.state;
  }
}

/**
 * Closes a payment that its provider does not have: one that no shopper can have an address of, or
 * that has expired. A call that is about to open it then finds its row closed, and refuses.
 */
async function giveUp(
  parts: SettlingParts,
  { paymentId, ...payment }: LockedPayment,
): Promise<Settled> {
  const { expireTime } = storedPayment({ paymentId, ...payment });
  if (Date.now() > expireTime.getTime() + EXPIRY_MARGIN_MS) {
    return closeHere(parts, { paymentId, detail: "expired before the shopper began" });
  }
  if (actionOf(payment)) return "not_begun";
  return closeHere(parts, { paymentId, detail: "closed before it was opened", isUnopened: true });
}

function closeHere(
  { database, identifiers }: SettlingParts,
  { paymentId, detail, isUnopened }: { paymentId: bigint; detail: string; isUnopened?: true },
): Promise<Settled> {
  return database.transact("close-payment", async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    if (!payment) throw new Error(`payment ${paymentId} has no row`);
    if (payment.status === PaymentStatus.CLOSED) return "closed";
    if (payment.status !== PaymentStatus.OPEN) return "paid";
    // Opened meanwhile, so the provider may have it now.
    if (isUnopened && actionOf(payment)) return "open";
    await writeClosed(tx, { paymentId, status: applyPayment(payment.status, "close") });
    const logId = identifiers.next();
    await insertLog(tx, [{ logId, paymentId, type: LogType.CLOSED, detail }]);
    return "closed";
  });
}

async function keepReferences(
  { database }: SettlingParts,
  paymentId: bigint,
  references: References | undefined,
): Promise<void> {
  await database.transact("keep-references", async (tx) => {
    const payment = await lockPayment(tx, paymentId);
    if (!payment) throw new Error(`payment ${paymentId} has no row`);
    const providerReferences = mergedReferences(payment, references);
    if (providerReferences === payment.providerReferences) return;
    await writeReferences(tx, { paymentId, providerReferences });
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
  const { tradeId, amountCents, currency, payTime, references } = found;
  const text = JSON.stringify({ ...found, amountCents: String(amountCents) });
  const received: ReceivedNotice = {
    notice: {
      kind: "paid",
      noticeId: `query:${paymentId}`,
      event: "query",
      paymentId,
      tradeId,
      amountCents,
      currency,
      payTime,
      ...(references && { references }),
    },
    provider,
    source: Source.QUERY,
    raw: { headers: {}, body: Buffer.from(text) },
  };
  const { verdict } = await parts.database.transact("accept-payment", (tx) =>
    takeNotice(tx, parts, received),
  );
  return verdict.kind === VerdictKind.REFUSED ? "mismatched" : "paid";
}

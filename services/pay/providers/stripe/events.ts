import type { Notice } from "../../domain/notice.ts";
import {
  type Fields,
  identifier,
  idOf,
  moneyOf,
  object,
  parseRefund,
  parseSession,
  refundOf,
  text,
  time,
} from "./messages.ts";

type ReadNotice = { notice: Notice } | { fault: "malformed" | "merchant" };
/** An event as all have it. `payTime`: when it happened. */
type Happening = { noticeId: string; event: string; happenedTime: Date };

const MALFORMED = { fault: "malformed" } as const;

/**
 * The notice of a verified event. `livemode` is the shop's own: events of the other mode, and of
 * other accounts that are connected to this one, are no notices of the shop.
 *
 * Source of the types: docs.stripe.com/api/events/types.
 */
export function readEvent(event: Fields | undefined, livemode: boolean): ReadNotice {
  const noticeId = event && idOf(event, "evt_");
  const type = text(event?.type);
  const data = object(object(event?.data)?.object);
  const happenedTime = time(event?.created);
  const isEvent = event?.object === "event" && typeof event.livemode === "boolean";
  if (!isEvent || !noticeId || !type || !data || !happenedTime) return MALFORMED;
  if (!/^[a-z0-9_.]{1,64}$/.test(type)) return MALFORMED;
  if (event.livemode !== livemode || event.account !== undefined) return { fault: "merchant" };
  const happening = { noticeId, event: type, happenedTime };
  const read = READERS.find(({ prefix }) => type.startsWith(prefix))?.read;
  const notice = read ? read(happening, data) : ({ kind: "other" } as const);
  return notice ? { notice: { noticeId, event: type, ...notice } } : MALFORMED;
}

type Rest = Notice extends infer N
  ? N extends Notice
    ? Omit<N, "noticeId" | "event">
    : never
  : never;
type Read = (happening: Happening, data: Fields) => Rest | undefined;

const READERS: { prefix: string; read: Read }[] = [
  { prefix: "checkout.session.", read: readSession },
  { prefix: "refund.", read: readRefund },
  { prefix: "charge.dispute.", read: readDispute },
];

function readSession({ event, happenedTime }: Happening, data: Fields): Rest | undefined {
  const session = parseSession(data);
  if (!session) return undefined;
  const { id, paymentId, intentId, amountCents, currency } = session;
  if (paymentId === undefined)
    return { kind: "not_ours", cause: `session ${id} names no payment of the shop` };
  if (event.endsWith(".expired")) return { kind: "closed", paymentId };
  if (event.endsWith(".async_payment_failed")) return { kind: "failed", paymentId };
  const isDone = /\.(completed|async_payment_succeeded)$/.test(event);
  if (!isDone) return { kind: "other", paymentId };
  if (!session.isPaid) return { kind: "processing", paymentId };
  if (intentId === undefined) return undefined;
  const references = { session: id, payment_intent: intentId };
  const paid = { tradeId: intentId, amountCents, currency, payTime: happenedTime, references };
  return { kind: "paid", paymentId, ...paid };
}

const REFUND_STATES = {
  succeeded: "succeeded",
  pending: "pending",
  requires_action: "pending",
  failed: "failed",
  canceled: "failed",
} as const;

function readRefund(_: Happening, data: Fields): Rest | undefined {
  const refund = parseRefund(data);
  if (!refund) return undefined;
  const { id, intentId, amountCents, currency } = refund;
  if (intentId === undefined) return { kind: "not_ours", cause: `refund ${id} is of no payment` };
  const own = refund.refund === undefined ? undefined : refundOf(refund.refund);
  const state = REFUND_STATES[refund.status];
  return {
    kind: "refund",
    paymentId: identifier(refund.payment),
    tradeId: intentId,
    refund: own,
    foreignId: own ? undefined : id,
    state,
    amountCents,
    currency,
    reference: id,
    ...(state === "failed" && { cause: refund.cause }),
  };
}

function readDispute({ event }: Happening, data: Fields): Rest | undefined {
  const disputeId = idOf(data, "du_") ?? idOf(data, "dp_");
  const money = moneyOf(data.amount, data.currency);
  const tradeId = idOf(object(data.payment_intent) ?? { id: data.payment_intent }, "pi_");
  if (!disputeId || !money) return undefined;
  if (!tradeId) return { kind: "not_ours", cause: `dispute ${disputeId} is of no payment` };
  const state = disputeState(event, data.status);
  const feeCents = feeOf(data, state);
  if (feeCents === undefined) return undefined;
  return { kind: "dispute", paymentId: undefined, tradeId, disputeId, state, feeCents, ...money };
}

type DisputeState = Extract<Rest, { kind: "dispute" }>["state"];

function disputeState(event: string, status: unknown): DisputeState {
  if (event.endsWith(".created")) return "opened";
  if (event.endsWith(".funds_withdrawn")) return "funds_withdrawn";
  if (event.endsWith(".funds_reinstated")) return "funds_reinstated";
  const isClosed = event.endsWith(".closed") && (status === "won" || status === "lost");
  return isClosed ? status : "updated";
}

/**
 * What Stripe kept when it took the money, or gave back with it: the fee of the balance
 * transaction. 0 for events that move no money. A transaction in another currency, that of the
 * account's balance, says nothing about the shop's currency.
 */
function feeOf(data: Fields, state: DisputeState): bigint | undefined {
  const isMoved = state === "funds_withdrawn" || state === "funds_reinstated";
  if (!isMoved || !Array.isArray(data.balance_transactions)) return 0n;
  let total = 0n;
  for (const entry of data.balance_transactions) {
    const fields = object(entry);
    const amount = fields?.amount;
    const isOfState =
      typeof amount === "number" && amount < 0 === (state === "funds_withdrawn") && amount !== 0;
    if (!isOfState || fields?.currency !== data.currency) continue;
    const fee = fields?.fee;
    if (!Number.isSafeInteger(fee)) return undefined;
    const money = moneyOf(Math.abs(fee as number), fields?.currency);
    if (!money) return undefined;
    total += money.amountCents;
  }
  return total;
}

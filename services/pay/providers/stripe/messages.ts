import { MAX_CENTS, MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import { fromStripe } from "./amounts.ts";

// Objects of Stripe are untrusted input: a value of another form is refused, never converted.

export type Fields = Readonly<Record<string, unknown>>;

/** Metadata of sessions, payments and refunds that this shop made. */
export const PAYMENT_KEY = "jetshop_payment";
export const REFUND_KEY = "jetshop_refund";

/** Later than any time that rows hold. */
const LAST_S = Date.UTC(9999, 11, 31) / 1_000;

export type Money = { amountCents: bigint; currency: string };

/** A Checkout Session of the shop. */
export type Session = Money & {
  id: string;
  paymentId: bigint;
  status: "open" | "complete" | "expired";
  isPaid: boolean;
  /** Undefined before the shopper pays. */
  intentId: string | undefined;
  /** Of the PaymentIntent, if the session holds it. */
  intentStatus: string | undefined;
  /** Of the payment, if the session holds its charge. */
  payTime: Date | undefined;
  /** Undefined once it cannot be paid any more. */
  url: string | undefined;
  returnUrl: string | undefined;
  livemode: boolean;
};

export type Refund = Money & {
  id: string;
  status: "pending" | "requires_action" | "succeeded" | "failed" | "canceled";
  intentId: string | undefined;
  /** The shop's payment and refund; undefined if the shop did not request it. */
  payment: string | undefined;
  refund: string | undefined;
  cause: string;
};

/** The object in a JSON text; undefined if the bytes hold anything else. */
export function parseObject(bytes: Uint8Array): Fields | undefined {
  try {
    return object(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}

export function object(value: unknown): Fields | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : undefined;
}

/** Undefined if the object is malformed. A session that is not the shop's has no payment id. */
export function parseSession(
  fields: Fields,
): (Omit<Session, "paymentId"> & { paymentId: bigint | undefined }) | undefined {
  const id = idOf(fields, "cs_");
  const status = choice(fields.status, ["open", "complete", "expired"]);
  const money = moneyOf(fields.amount_total, fields.currency);
  if (!id || !status || !money || typeof fields.livemode !== "boolean") return undefined;
  const isPaid = choice(fields.payment_status, ["paid", "unpaid"]);
  const intent = object(fields.payment_intent);
  const charge = object(intent?.latest_charge);
  if (!isPaid) return undefined;
  return {
    id,
    status,
    ...money,
    isPaid: isPaid === "paid",
    paymentId: paymentOf(fields),
    intentId: idOf(intent ?? { id: fields.payment_intent }, "pi_"),
    intentStatus: text(intent?.status),
    payTime: time(charge?.created),
    url: text(fields.url),
    returnUrl: text(fields.success_url),
    livemode: fields.livemode,
  };
}

/** Undefined if the object is malformed. */
export function parseRefund(fields: Fields): Refund | undefined {
  const id = idOf(fields, "re_") ?? idOf(fields, "pyr_");
  const money = moneyOf(fields.amount, fields.currency);
  const status = choice(fields.status, [
    "pending",
    "requires_action",
    "succeeded",
    "failed",
    "canceled",
  ]);
  if (!id || !money || !status) return undefined;
  const metadata = object(fields.metadata);
  const intent = object(fields.payment_intent) ?? { id: fields.payment_intent };
  return {
    id,
    status,
    ...money,
    intentId: idOf(intent, "pi_"),
    payment: text(metadata?.[PAYMENT_KEY]),
    refund: text(metadata?.[REFUND_KEY]),
    cause: text(fields.failure_reason) ?? status,
  };
}

/** The shop's payment of an object: it names it twice, and alike. */
function paymentOf(fields: Fields): bigint | undefined {
  const reference = text(fields.client_reference_id);
  if (reference === undefined || reference !== object(fields.metadata)?.[PAYMENT_KEY])
    return undefined;
  return identifier(reference);
}

/** A positive number of the shop. */
export function identifier(value: unknown): bigint | undefined {
  const digits = typeof value === "string" && /^[1-9]\d{0,18}$/.test(value) ? value : undefined;
  const id = digits === undefined ? undefined : BigInt(digits);
  return id !== undefined && id <= MAX_IDENTIFIER ? id : undefined;
}

/** A refund's number: `<refund>`, or `<refund>-<attempt>` after the first attempt. */
export function refundOf(number: string): { refundId: bigint; attempt: number } | undefined {
  const [, digits, attempt = "1"] = /^(\d{1,19})(?:-([1-9]\d{0,5}))?$/.exec(number) ?? [];
  const refundId = identifier(digits);
  return refundId === undefined ? undefined : { refundId, attempt: Number(attempt) };
}

/** An amount in minor units of ISO 4217 with its currency; undefined if either is malformed. */
export function moneyOf(amount: unknown, currency: unknown): Money | undefined {
  const code = typeof currency === "string" && /^[a-z]{3}$/.test(currency) ? currency : undefined;
  if (code === undefined || !Number.isSafeInteger(amount) || (amount as number) < 0)
    return undefined;
  const upper = code.toUpperCase();
  const amountCents = fromStripe(BigInt(amount as number), upper);
  if (amountCents === undefined || amountCents > MAX_CENTS) return undefined;
  return { amountCents, currency: upper };
}

/** Seconds since 1970, as all times of Stripe. */
export function time(value: unknown): Date | undefined {
  const isTime = Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < LAST_S;
  return isTime ? new Date((value as number) * 1_000) : undefined;
}

/** The id of an object, safe in rows, addresses and logs. */
export function idOf(fields: Fields, prefix: string): string | undefined {
  const { id } = fields;
  const isId = typeof id === "string" && id.startsWith(prefix) && /^\w{4,255}$/.test(id);
  return isId ? id : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function choice<const T extends string>(value: unknown, choices: readonly T[]): T | undefined {
  return choices.find((one) => one === value);
}

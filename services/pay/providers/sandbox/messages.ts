import { MAX_CENTS, MAX_IDENTIFIER } from "#platform/values/amounts.ts";
import type { Notice, PaidNotice } from "../../domain/notice.ts";

// Messages of the sandbox are untrusted input: a value of another form is refused, never converted.

type Fields = Record<string, unknown>;

const PAID = "payment.succeeded";
/** A number of the sandbox, safe in rows, addresses and logs. */
const TOKEN = /^[\x21-\x7e]{1,64}$/;
const NOTICE_ID = /^[\x21-\x7e]{1,128}$/;
const CURRENCY = /^[A-Z]{3}$/;
const CAUSE = /^[\x20-\x7e]{1,200}$/;
const REFUND_STATES = ["succeeded", "pending", "failed"] as const;
const DISPUTE_STATES = [
  "opened",
  "funds_withdrawn",
  "funds_reinstated",
  "won",
  "lost",
  "updated",
] as const;
/**
 * The latest time that rows and messages hold. A year of four digits with an offset can exceed it.
 */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** The object in a JSON text; undefined if the bytes hold anything else. */
export function parseObject(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The notice in the body of a callback, and its merchant; undefined if it is malformed. */
export function parseNotice(body: Uint8Array): { merchantId: string; notice: Notice } | undefined {
  const fields = parseObject(body);
  if (!fields) return undefined;
  const common = {
    noticeId: text(fields.notice_id, NOTICE_ID),
    event: text(fields.type, TOKEN),
    paymentId: identifier(fields.merchant_trade_id),
  };
  const tradeId = text(fields.trade_id, TOKEN);
  const merchantId = text(fields.merchant_id, TOKEN);
  const notice = parseKind(fields, common, tradeId);
  return merchantId === undefined || !notice ? undefined : { merchantId, notice };
}

type Common = {
  noticeId: string | undefined;
  event: string | undefined;
  paymentId: bigint | undefined;
};

function parseKind(fields: Fields, common: Common, tradeId: string | undefined) {
  const { event } = common;
  const paid = parsePaid(fields);
  if (event === PAID) return complete({ kind: "paid" as const, ...common, tradeId, ...paid });
  const state = event?.split(".")[1];
  const { amountCents, currency } = paid;
  const about = { ...common, tradeId, amountCents, currency };
  if (event?.startsWith("refund.") && isOneOf(REFUND_STATES, state)) {
    const own = text(fields.merchant_refund_id, TOKEN);
    const foreignId = text(fields.refund_id, TOKEN);
    const whole = complete({ kind: "refund" as const, ...about, state, foreignId });
    const cause = text(fields.cause, CAUSE) ?? "no cause given";
    const refund = own === undefined ? undefined : parseRefundNumber(own);
    return whole && { ...whole, refund, ...(state === "failed" && { cause }) };
  }
  if (event?.startsWith("dispute.") && isOneOf(DISPUTE_STATES, state)) {
    const disputeId = text(fields.dispute_id, TOKEN);
    const feeCents = cents(fields.fee_cents);
    return complete({ kind: "dispute" as const, ...about, state, disputeId, feeCents });
  }
  return complete({ kind: "other" as const, ...common });
}

/** The refund with this number at the provider; undefined if it is not one of the shop's. */
function parseRefundNumber(number: string): { refundId: bigint; attempt: number } | undefined {
  const [, id, attempt = "1"] = /^(\d+)(?:-(\d{1,9}))?$/.exec(number) ?? [];
  const refundId = identifier(id);
  return refundId === undefined ? undefined : { refundId, attempt: Number(attempt) };
}

function isOneOf<T extends string>(all: readonly T[], one: string | undefined): one is T {
  return all.some((each) => each === one);
}

/** Amount, currency and time in a notice, or in the answer to a query of a paid payment. */
export function parsePaid(
  fields: Fields,
): Partial<Pick<PaidNotice, "amountCents" | "currency" | "payTime">> {
  return {
    amountCents: cents(fields.amount_cents),
    currency: text(fields.currency, CURRENCY),
    payTime: time(fields.pay_time),
  };
}

export function tradeIdOf(fields: Fields): string | undefined {
  return text(fields.trade_id, TOKEN);
}

/** The object if none of its fields is undefined, else undefined. */
export function complete<T extends object>(
  fields: T,
): { [K in keyof T]-?: NonNullable<T[K]> } | undefined {
  const isComplete = Object.values(fields).every((value) => value !== undefined);
  return isComplete ? (fields as { [K in keyof T]-?: NonNullable<T[K]> }) : undefined;
}

function text(value: unknown, shape: RegExp): string | undefined {
  return typeof value === "string" && shape.test(value) ? value : undefined;
}

function identifier(value: unknown): bigint | undefined {
  const digits = text(value, /^[1-9]\d{0,18}$/);
  const id = digits === undefined ? undefined : BigInt(digits);
  return id !== undefined && id <= MAX_IDENTIFIER ? id : undefined;
}

/** Accepts only a string of digits: a large JSON number loses its last digits. */
function cents(value: unknown): bigint | undefined {
  const digits = text(value, /^(0|[1-9]\d{0,15})$/);
  const amount = digits === undefined ? undefined : BigInt(digits);
  return amount !== undefined && amount <= MAX_CENTS ? amount : undefined;
}

/** Rows hold milliseconds, so further digits are dropped. */
function time(value: unknown): Date | undefined {
  const stamp = text(value, RFC3339);
  if (stamp === undefined || !isOnCalendar(stamp.slice(0, 19))) return undefined;
  const date = new Date(stamp);
  return date.getTime() >= 0 && date.getTime() <= LAST_MS ? date : undefined;
}

/** Date would turn 30 February into 2 March, and hour 24 into the next day. */
function isOnCalendar(wallTime: string): boolean {
  const date = new Date(`${wallTime}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(wallTime);
}

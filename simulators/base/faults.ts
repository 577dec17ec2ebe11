import { MAX_COPIES } from "./limits.ts";
import { REFUND_STATES } from "./refunds.ts";

/**
 * What can be wrong with a callback. Up to "future" the callback is not authentic; from "amount" on
 * it is signed correctly, as if by a faulty provider. A face makes those that its protocol allows.
 */
const FAKES = [
  "unsigned",
  "wrong_signature",
  "other_body",
  "signtest",
  "stale",
  "future",
  "amount",
  "currency",
  "merchant",
  "trade",
  "payment",
  "state",
] as const;
export type Fake = (typeof FAKES)[number];

const REFUND_OUTCOMES = [...REFUND_STATES, "later_failed", "not_enough"] as const;
type RefundOutcome = (typeof REFUND_OUTCOMES)[number];

/** The faults of one face. They last until they are cleared or the program restarts. */
export type Faults = {
  /** Extra copies of each callback, sent at the same moment. */
  duplicate: number;
  /** Delays the first callback of each notice from now on. */
  delay_ms: number;
  /** Holds callbacks until this many wait, then sends them one by one, newest first. */
  reorder: number;
  /** Fakes to send before each callback. */
  forge: Fake[];
  /** The fake to send instead of each callback. */
  tamper: Fake | "off";
  /** The next callbacks that are lost. */
  drop: number;
  /** Delays each answer of the API, after its effect. */
  slow_ms: number;
  /** The next answers of the API that are lost, after their effect. */
  lose_answers: number;
  /** The next answers of the API whose signature is wrong (Alipay, WeChat Pay). */
  wrong_signature: number;
  /** The next requests that are refused for their rate, without an effect. */
  rate_limit: number;
  /** The next requests that fail with the provider's internal error, without an effect. */
  error: number;
  /** The next requests that fail with the internal error after their effect. */
  error_after: number;
  /** Answers nothing and sends no callback. */
  down: boolean;
  /** The next payments that the shopper pays just before the merchant closes them. */
  pay_during_close: number;
  /**
   * What becomes of new refunds. "pending" never settles until the control interface settles it,
   * "later_failed" fails after it succeeded (Stripe), "not_enough" is refused for lack of funds.
   */
  refund: RefundOutcome;
  /** Time until a refund has its outcome. 0: the provider's usual time. */
  refund_delay_ms: number;
  /** The part of each new payment that the shopper pays with a coupon of the provider. */
  coupon: number;
  /** Percent of notices and answers with a probe instead of a signature (WeChat Pay). */
  signtest_percent: number;
  /**
   * Percent of notices signed with the public key, the others with the certificate (WeChat Pay);
   * with the newest key, the others with the one before (Alipay, answers as well).
   */
  public_key_percent: number;
  /** Events of other shops on the account that are sent before each event (Stripe). */
  strangers: number;
  /** Whether the gateway's own errors come without a signature (Alipay). */
  unsigned_errors: boolean;
};

const NONE: Faults = {
  duplicate: 0,
  delay_ms: 0,
  reorder: 0,
  forge: [],
  tamper: "off",
  drop: 0,
  slow_ms: 0,
  lose_answers: 0,
  wrong_signature: 0,
  rate_limit: 0,
  error: 0,
  error_after: 0,
  down: false,
  pay_during_close: 0,
  refund: "succeeded",
  refund_delay_ms: 0,
  coupon: 0,
  signtest_percent: 0,
  public_key_percent: 100,
  strangers: 0,
  unsigned_errors: false,
};

/** The largest value of faults that are numbers; a million for those not listed. */
const MOST: Partial<Record<keyof Faults, number>> = {
  duplicate: MAX_COPIES,
  delay_ms: 3_600_000,
  reorder: 1_000,
  slow_ms: 120_000,
  signtest_percent: 100,
  public_key_percent: 100,
  strangers: MAX_COPIES,
  refund_delay_ms: 1_000_000_000,
};

type Counter = {
  [Name in keyof Faults]: Faults[Name] extends number ? Name : never;
}[keyof Faults];

export function noFaults(usual: Partial<Faults> = {}): Faults {
  return { ...NONE, forge: [], ...usual };
}

/** Uses up one of a number of faults. Returns whether there was one. */
export function take(faults: Faults, name: Counter): boolean {
  if (faults[name] === 0) return false;
  faults[name] -= 1;
  return true;
}

/** Whether something with this probability happens now. */
export function happens(percent: number): boolean {
  return Math.random() * 100 < percent;
}

/** The faults in the object, with all others off; or a string that says what is wrong with it. */
export function parseFaults(
  value: unknown,
  face: { usual: Partial<Faults>; fakes: readonly Fake[] },
): Faults | string {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return "body must be a JSON object";
  const faults = noFaults(face.usual);
  for (const [name, setting] of Object.entries(value)) {
    if (!Object.hasOwn(NONE, name)) return `fault ${JSON.stringify(name)} does not exist`;
    if (!fits(name as keyof Faults, setting, face.fakes))
      return `${name} does not accept this value`;
    Object.assign(faults, { [name]: setting });
  }
  return faults;
}

function fits(name: keyof Faults, setting: unknown, fakes: readonly Fake[]): boolean {
  const isFake = (value: unknown) => fakes.some((kind) => kind === value);
  switch (name) {
    case "down":
    case "unsigned_errors":
      return typeof setting === "boolean";
    case "refund":
      return REFUND_OUTCOMES.some((outcome) => outcome === setting);
    case "forge":
      return Array.isArray(setting) && setting.length <= FAKES.length && setting.every(isFake);
    case "tamper":
      return setting === "off" || isFake(setting);
    default: {
      const most = MOST[name] ?? 1_000_000;
      return Number.isInteger(setting) && (setting as number) >= 0 && (setting as number) <= most;
    }
  }
}

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { MAX_CENTS, MAX_IDENTIFIER } from "./amounts.ts";
import { MAX_PHONE, phoneFault } from "./phones.ts";
import { Reason, Refusal, type Violation } from "./refusal.ts";

/** Violations of one refusal, so that thousands of bad entries do not make a huge answer. */
const MAX_VIOLATIONS = 20;

// 1970-01-01 to 9999-12-31T23:59:59. google.protobuf.Timestamp and DATETIME end there as well.
const MIN_TIMESTAMP_SECONDS = 0n;
const MAX_TIMESTAMP_SECONDS = 253_402_300_799n;

const REQUEST_ID = /^[\x21-\x7e]{1,64}$/;
// Nothing to see: blanks of every width, marks that join or hide, the fillers of Hangul and Braille.
const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}\u2800]*$/u;
// Control characters, and the invisible characters that change the direction of text.
const FORBIDDEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const FORBIDDEN_MULTILINE = /[^\P{Cc}\n\r\t]|[\u202a-\u202e\u2066-\u2069]/u;

/**
 * Collects the violations of a request, field by field, so that the caller learns all of them at
 * once. Each check takes the path of the field first, such as "lines[2].quantity". `throwIfAny`
 * then throws one INVALID_ARGUMENT. Descriptions do not repeat the value.
 */
export class Checks {
  readonly #violations: Violation[] = [];

  /** The id of an object: 1 to 2^63 - 1. */
  identifier(field: string, value: bigint): void {
    this.that(field, value >= 1n && value <= MAX_IDENTIFIER, "must be a positive identifier");
  }

  /** A whole number from `min` to `max`. */
  integer<T extends bigint | number>(field: string, value: T, range: { min: T; max: T }): void {
    const within = value >= range.min && value <= range.max;
    const whole = typeof value === "bigint" || Number.isSafeInteger(value);
    this.that(field, within && whole, `must be from ${range.min} to ${range.max}`);
  }

  /** An amount of money. @default 0 to MAX_CENTS */
  cents(field: string, value: bigint, range: { min?: bigint; max?: bigint } = {}): void {
    this.integer(field, value, { min: range.min ?? 0n, max: range.max ?? MAX_CENTS });
  }

  /**
   * Text of `min` to `max` code points, as sent and in composed form (NFC), without control
   * characters. `min` is 0 by default; with 1 or more, text without a visible character is refused
   * like empty text. `multiline` allows line breaks and tabs.
   */
  text(
    field: string,
    value: string,
    rule: { min?: number; max: number; multiline?: boolean },
  ): void {
    const problem = problemOfText(value, rule);
    if (problem) this.violation(field, problem);
  }

  /**
   * One line that people write and others read, such as a name or a code: text that neither begins
   * nor ends with a blank, because two names that look the same would differ. Letters, marks,
   * punctuation and emoji of every script are allowed.
   */
  line(field: string, value: string, rule: { min?: number; max: number }): void {
    const problem = problemOfText(value, rule);
    if (problem) this.violation(field, problem);
    else this.that(field, value === value.trim(), "must not begin or end with a blank");
  }

  /** A phone number as people write it, see `phoneFault`. @default required */
  phone(field: string, value: string, rule: { required?: boolean } = {}): void {
    const required = rule.required ?? true;
    if (value === "" && !required) return;
    const problem = problemOfText(value, { min: 1, max: MAX_PHONE }) ?? phoneFault(value);
    if (problem) this.violation(field, problem);
  }

  /** An idempotency key: 1 to 64 printable ASCII characters without spaces. */
  requestId(field: string, value: string): void {
    const description = "must be 1 to 64 printable ASCII characters without spaces";
    this.that(field, REQUEST_ID.test(value), description);
  }

  /** A time from 1970 to 9999. `required`, the default, refuses a time that is not set. */
  timestamp(field: string, value: Timestamp | undefined, rule: { required?: boolean } = {}): void {
    if (value === undefined) {
      if (rule.required ?? true) this.violation(field, "must be set");
      return;
    }
    const seconds =
      value.seconds >= MIN_TIMESTAMP_SECONDS && value.seconds <= MAX_TIMESTAMP_SECONDS;
    const nanos = value.nanos >= 0 && value.nanos <= 999_999_999;
    this.that(field, seconds && nanos, "must be a time from 1970 to 9999");
  }

  /** The number of entries of a list. `min` is 0 by default. */
  count(field: string, list: { length: number }, range: { min?: number; max: number }): void {
    const min = range.min ?? 0;
    const within = list.length >= min && list.length <= range.max;
    this.that(field, within, `must have ${min} to ${range.max} entries`);
  }

  /** Any other condition. The description completes "the field ...". */
  that(field: string, condition: boolean, description: string): void {
    if (!condition) this.violation(field, description);
  }

  violation(field: string, description: string): void {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push({ field, description });
  }

  get failed(): boolean {
    return this.#violations.length > 0;
  }

  /** What `throwIfAny` throws. For the entry of a batch, whose refusal is its answer. */
  get refusal(): Refusal | undefined {
    if (!this.failed) return undefined;
    return new Refusal(Reason.INVALID_ARGUMENT, {}, this.#violations);
  }

  throwIfAny(): void {
    const { refusal } = this;
    if (refusal) throw refusal;
  }
}

/**
 * The length in code points. For a text far above `max`, some number above it, without counting.
 */
function lengthWithin(value: string, max: number): number {
  if (value.length > max * 2) return value.length;
  let length = 0;
  for (const _ of value) length += 1;
  return length;
}

function problemOfText(value: string, rule: { min?: number; max: number; multiline?: boolean }) {
  const min = rule.min ?? 0;
  const length = lengthWithin(value, rule.max);
  const tooLong = length > rule.max || lengthWithin(value.normalize("NFC"), rule.max) > rule.max;
  if (tooLong) return `must have at most ${rule.max} characters`;
  if (length < min || (min > 0 && INVISIBLE.test(value))) {
    return min > 1 ? `must have at least ${min} characters` : "must not be empty";
  }
  const forbidden = rule.multiline ? FORBIDDEN_MULTILINE : FORBIDDEN;
  if (!value.isWellFormed() || forbidden.test(value)) return "must not contain control characters";
  return undefined;
}

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { MAX_CENTS, MAX_IDENTIFIER } from "./amounts.ts";
import { Reason, Refusal, type Violation } from "./refusal.ts";

/** Violations told in one answer; a request with thousands of bad entries must not make a huge one. */
const MAX_VIOLATIONS = 20;

// 1970-01-01 and 9999-12-31T23:59:59: what google.protobuf.Timestamp and MySQL's DATETIME both hold, less the past.
const MIN_TIMESTAMP_SECONDS = 0n;
const MAX_TIMESTAMP_SECONDS = 253_402_300_799n;

const REQUEST_ID = /^[\x21-\x7e]{1,64}$/;
const ONLY_SPACES = /^\s*$/;
// Control characters, and the invisible ones that turn the direction of text: neither has a place in a name.
const FORBIDDEN = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const FORBIDDEN_MULTILINE = /[^\P{Cc}\n\r\t]|[\u202a-\u202e\u2066-\u2069]/u;

/**
 * Collects what is wrong with a request, field by field, so that the caller learns all of it at once. Every method
 * takes the path of the field first and adds a violation where the value does not hold; `throwIfAny` then raises one
 * Refusal(INVALID_ARGUMENT). No description repeats the value.
 */
export class Checks {
  readonly #violations: Violation[] = [];

  /** An id of an existing object: 1 to 2^63-1. */
  identifier(field: string, value: bigint): void {
    this.that(field, value >= 1n && value <= MAX_IDENTIFIER, "must be a positive identifier");
  }

  integer<T extends bigint | number>(field: string, value: T, range: { min: T; max: T }): void {
    const within = value >= range.min && value <= range.max;
    const whole = typeof value === "bigint" || Number.isSafeInteger(value);
    this.that(field, within && whole, `must be from ${range.min} to ${range.max}`);
  }

  /** An amount of money; 0 to MAX_CENTS unless told otherwise. */
  cents(field: string, value: bigint, range: { min?: bigint; max?: bigint } = {}): void {
    this.integer(field, value, { min: range.min ?? 0n, max: range.max ?? MAX_CENTS });
  }

  /**
   * Text of `min` (default 0) to `max` characters, counted in code points. Where it may not be empty it may not be all
   * spaces either. No control characters; `multiline` allows line breaks and tabs.
   */
  text(
    field: string,
    value: string,
    rule: { min?: number; max: number; multiline?: boolean },
  ): void {
    const problem = problemOfText(value, rule);
    if (problem) this.violation(field, problem);
  }

  /** A key that the client chose: 1 to 64 printable ASCII characters without spaces. */
  requestId(field: string, value: string): void {
    const description = "must be 1 to 64 printable ASCII characters without spaces";
    this.that(field, REQUEST_ID.test(value), description);
  }

  /** A time from 1970 to 9999; `required` (default true) refuses one that is not set. */
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

  /** How many entries a list has. */
  count(field: string, list: { length: number }, range: { min?: number; max: number }): void {
    const min = range.min ?? 0;
    const within = list.length >= min && list.length <= range.max;
    this.that(field, within, `must have ${min} to ${range.max} entries`);
  }

  that(field: string, condition: boolean, description: string): void {
    if (!condition) this.violation(field, description);
  }

  violation(field: string, description: string): void {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push({ field, description });
  }

  get failed(): boolean {
    return this.#violations.length > 0;
  }

  /** What `throwIfAny` would throw: for an entry of a batch, whose refusal is its answer. */
  get refusal(): Refusal | undefined {
    if (!this.failed) return undefined;
    return new Refusal(Reason.INVALID_ARGUMENT, {}, this.#violations);
  }

  throwIfAny(): void {
    const { refusal } = this;
    if (refusal) throw refusal;
  }
}

/** The length in code points, or anything above `max` where the text is longer: a huge text is not walked. */
function lengthWithin(value: string, max: number): number {
  if (value.length > max * 2) return value.length;
  let length = 0;
  for (const _ of value) length += 1;
  return length;
}

function problemOfText(value: string, rule: { min?: number; max: number; multiline?: boolean }) {
  const min = rule.min ?? 0;
  const length = lengthWithin(value, rule.max);
  if (length > rule.max) return `must have at most ${rule.max} characters`;
  if (length < min || (min > 0 && ONLY_SPACES.test(value))) {
    return min > 1 ? `must have at least ${min} characters` : "must not be empty";
  }
  const forbidden = rule.multiline ? FORBIDDEN_MULTILINE : FORBIDDEN;
  if (!value.isWellFormed() || forbidden.test(value)) return "must not contain control characters";
  return undefined;
}

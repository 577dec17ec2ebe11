import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { exactJson, malformed, type TextDecoding } from "./malformed.ts";

/**
 * Decodes the JSON of one method's requests, and refuses what the parser of protobuf-es would
 * silently change. It reads a day that its month lacks as a day of the next month, a number in
 * quotes by the rules of BigInt, which allow blanks, signs, leading zeros and other bases, and
 * bytes in base64 that no encoder writes.
 *
 * This is a pass over the parsed text before protobuf-es reads it. It only looks at values of the
 * right JSON type: protobuf-es refuses all others, and unknown fields.
 */
export function exactJsonOf(message: DescMessage, maxValues?: number): TextDecoding {
  const exact = exactJson(maxValues);
  const check = checkOf(message, new Map());
  if (check === undefined) return exact;
  return {
    decode(bytes) {
      const text = exact.decode(bytes);
      check(parsed(text), "");
      return text;
    },
  };
}

type Check = (value: unknown, path: string) => void;

const INTEGERS = new Set([
  ScalarType.INT32,
  ScalarType.INT64,
  ScalarType.UINT32,
  ScalarType.UINT64,
  ScalarType.SINT32,
  ScalarType.SINT64,
  ScalarType.FIXED32,
  ScalarType.FIXED64,
  ScalarType.SFIXED32,
  ScalarType.SFIXED64,
]);

/** Texts that protobuf-es would accept and change, by the name of a well-known message. */
const WELL_KNOWN: Record<string, Check> = {
  "google.protobuf.Timestamp": ofText(isExactTime, "must be a time that exists, as in RFC 3339"),
  "google.protobuf.Duration": ofText(isExactDuration, "must be seconds, such as 1.5s"),
  "google.protobuf.FieldMask": ofText(isExactMask, "must name fields in lowerCamelCase"),
};

/** The check of a message's fields. Undefined if protobuf-es changes none of them. */
function checkOf(message: DescMessage, known: Map<DescMessage, Check | undefined>) {
  const wellKnown = WELL_KNOWN[message.typeName];
  if (wellKnown || known.has(message)) return wellKnown ?? known.get(message);
  const fields = new Map<string, Check>();
  const check: Check = (value, path) => {
    if (typeof value !== "object" || value === null) return;
    for (const [name, one] of Object.entries(value)) {
      fields.get(name)?.(one, path === "" ? name : `${path}.${name}`);
    }
  };
  // A message that contains itself finds this entry.
  known.set(message, check);
  for (const field of message.fields) {
    const ofField = checkOfField(field, known);
    if (!ofField) continue;
    fields.set(field.jsonName, ofField);
    fields.set(field.name, ofField);
  }
  if (fields.size === 0) known.set(message, undefined);
  return known.get(message);
}

function checkOfField(
  field: DescField,
  known: Map<DescMessage, Check | undefined>,
): Check | undefined {
  const check = field.message ? checkOf(field.message, known) : checkOfScalar(field.scalar);
  if (!check || field.fieldKind === "map") return undefined;
  if (field.fieldKind !== "list") return check;
  return (value, path) => {
    if (!Array.isArray(value)) return;
    for (const [index, one] of value.entries()) check(one, `${path}[${index}]`);
  };
}

function checkOfScalar(scalar: ScalarType | undefined): Check | undefined {
  if (scalar === undefined) return undefined;
  if (scalar === ScalarType.BYTES) return ofText(isExactBase64, "must be base64");
  return INTEGERS.has(scalar) ? ofText(isExactInteger, "must be a whole number") : undefined;
}

function ofText(isExact: (text: string) => boolean, description: string): Check {
  return (value, path) => {
    if (typeof value === "string" && !isExact(value)) throw malformed(path, description);
  };
}

function isExactInteger(text: string): boolean {
  return /^-?(0|[1-9]\d*)$/.test(text);
}

function isExactTime(text: string): boolean {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))$/.exec(text);
  if (!match) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ...offset] = match
    .slice(1)
    .map((digits) => Number(digits ?? 0));
  const [offsetHour = 0, offsetMinute = 0] = offset;
  // Day 0 of the next month is the last day of this one. Years below 100 would mean 19xx.
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  const onCalendar = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days;
  const onClock = hour <= 23 && minute <= 59 && second <= 59;
  return onCalendar && onClock && offsetHour <= 23 && offsetMinute <= 59;
}

function isExactDuration(text: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d{1,9})?s$/.test(text);
}

function isExactMask(text: string): boolean {
  const path = /^[a-z][a-zA-Z0-9]*(\.[a-z][a-zA-Z0-9]*)*$/;
  return text === "" || text.split(",").every((one) => path.test(one));
}

/** Whether an encoder writes this text: one alphabet, padded or not, no bits left over. */
export function isExactBase64(text: string): boolean {
  const bare = text.replace(/=+$/, "");
  const bytes = Buffer.from(text, "base64");
  const isPadded = bare.length === text.length || text.length % 4 === 0;
  const encodings = [bytes.toString("base64url"), bytes.toString("base64").replace(/=+$/, "")];
  return isPadded && encodings.includes(bare);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // protobuf-es parses it next, and describes what is wrong.
    return undefined;
  }
}

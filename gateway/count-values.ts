import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Messages within messages. The contract has four. */
const MAX_DEPTH = 32;

/** What a request may not be, as a description of it. Undefined if it is within the bounds. */
type Excess = string | undefined;

/** Counts the values of a JSON text without parsing it. */
export function excessOfJson(text: string, maxValues: number): Excess {
  let values = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x2c: // ,
        values += 1;
        break;
      case 0x5b: // [
      case 0x7b: // {
        values += 1;
        depth += 1;
        if (depth > MAX_DEPTH) return `must be nested at most ${MAX_DEPTH} deep`;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
    }
    if (values > maxValues) return tooMany(maxValues);
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== 0x22) {
    at += text.charCodeAt(at) === 0x5c ? 2 : 1; // a backslash
  }
  return at;
}

/** Counts the values of a message in binary without decoding it. */
export function excessOfBinary(message: DescMessage, bytes: Uint8Array, maxValues: number): Excess {
  const left = { values: maxValues };
  try {
    const reader = new BinaryReader(bytes);
    count({ message, bytes, reader, end: bytes.length, left, depth: 0 });
  } catch {
    // The decoder describes what is malformed. What was counted before that is within the bounds.
    return undefined;
  }
  return left.values < 0 ? tooMany(maxValues) : undefined;
}

function count(part: {
  message: DescMessage;
  bytes: Uint8Array;
  reader: BinaryReader;
  end: number;
  left: { values: number };
  depth: number;
}): void {
  const { message, bytes, reader, end, left, depth } = part;
  const fields = fieldsOf(message);
  while (reader.pos < end && left.values >= 0) {
    left.values -= 1;
    const [number, wireType] = reader.tag();
    const field = fields.get(number);
    if (wireType !== WireType.LengthDelimited || !field) {
      reader.skip(wireType, number);
      continue;
    }
    const length = reader.uint32();
    const endOfField = reader.pos + length;
    if (endOfField > end) return;
    if (field.message && depth < MAX_DEPTH) {
      count({ ...part, message: field.message, end: endOfField, depth: depth + 1 });
    } else if (isPacked(field)) {
      left.values -= numbersIn(bytes.subarray(reader.pos, endOfField));
    }
    reader.pos = endOfField;
  }
}

function isPacked(field: DescField): boolean {
  const isNumber = field.fieldKind === "list" && field.listKind !== "message";
  return isNumber && field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES;
}

/** At least as many as there are: a varint ends with a byte below 128. */
function numbersIn(packed: Uint8Array): number {
  let numbers = 0;
  for (const byte of packed) if (byte < 128) numbers += 1;
  return numbers;
}

const known = new Map<DescMessage, Map<number, DescField>>();

function fieldsOf(message: DescMessage): Map<number, DescField> {
  const found = known.get(message);
  if (found) return found;
  const fields = new Map(message.fields.map((field) => [field.number, field]));
  known.set(message, fields);
  return fields;
}

function tooMany(maxValues: number): string {
  return `must have at most ${maxValues} values, those of lists included`;
}

import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  ScalarType,
} from "@bufbuild/protobuf";
import fc from "fast-check";

type Values = fc.Arbitrary<unknown>;
type Fields = fc.Arbitrary<Record<string, unknown>>;

/** The deepest nesting of generated messages. */
const MAX_DEPTH = 3;
const LONG_LIMIT = 2n ** 63n;

/**
 * Generates messages of a type in the form that create() takes: any of its fields, with any value
 * that JSON can represent.
 */
export function messages(type: DescMessage, depth = 0): Fields {
  const members = type.members.flatMap((member): [string, Values][] => {
    if (member.kind === "oneof") return [[member.localName, choice(member, depth)]];
    const value = valuesOf(member, depth);
    return value ? [[member.localName, value]] : [];
  });
  return fc.record(Object.fromEntries(members), { requiredKeys: [] });
}

function choice(oneof: DescOneof, depth: number): Values {
  const cases = oneof.fields.flatMap((field) => {
    const value = valuesOf(field, depth);
    return value ? [fc.record({ case: fc.constant(field.localName), value })] : [];
  });
  return fc.oneof(...cases);
}

/** Undefined for a message that would be nested too deeply. */
function valuesOf(field: DescField, depth: number): Values | undefined {
  const one = single(field, depth);
  if (!one) return undefined;
  if (field.fieldKind === "list") return fc.array(one, { maxLength: 3 });
  if (field.fieldKind !== "map") return one;
  return fc.dictionary(scalars(field.mapKey).map(String), one, { maxKeys: 3 });
}

function single(field: DescField, depth: number): Values | undefined {
  if (field.scalar !== undefined) return scalars(field.scalar);
  if (field.enum) return numbersOf(field.enum);
  if (!field.message) throw new Error(`${field} has no type`);
  const known = wellKnown(field.message);
  if (known) return known;
  return depth < MAX_DEPTH ? messages(field.message, depth + 1) : undefined;
}

function numbersOf(type: DescEnum): Values {
  return fc.constantFrom(...type.values.map(({ number }) => number));
}

function wellKnown(type: DescMessage): Values | undefined {
  const nanos = fc.integer({ min: 0, max: 999_999_999 });
  switch (type.typeName) {
    case "google.protobuf.Timestamp": {
      // The years 1 to 9999.
      const seconds = fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n });
      return fc.record({ seconds, nanos });
    }
    case "google.protobuf.Duration":
      return fc.record({ seconds: fc.bigInt({ min: 0n, max: 315_576_000_000n }), nanos });
    case "google.protobuf.FieldMask": {
      // Names that survive the conversion to lowerCamelCase and back.
      const path = fc.stringMatching(/^[a-z]{1,8}(_[a-z]{1,8}){0,2}$/);
      return fc.record({ paths: fc.array(path, { maxLength: 3 }) });
    }
    case "google.protobuf.Struct":
      return fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.constant(null)));
    default: {
      const [value] = type.fields;
      const isWrapper = /^google\.protobuf\.\w+Value$/.test(type.typeName);
      return isWrapper && value?.scalar !== undefined ? scalars(value.scalar) : undefined;
    }
  }
}

function scalars(type: ScalarType): Values {
  switch (type) {
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.FLOAT:
      return fc.float();
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.STRING:
      return fc.string({ unit: "grapheme" });
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 10 });
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.nat({ max: 2 ** 31 - 1 }).map((half) => half * 2 + 1);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return fc.bigInt({ min: 0n, max: 2n * LONG_LIMIT - 1n });
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return fc.bigInt({ min: -LONG_LIMIT, max: LONG_LIMIT - 1n });
    default:
      return fc.integer();
  }
}

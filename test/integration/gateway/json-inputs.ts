import { type DescField, ScalarType } from "@bufbuild/protobuf";

/**
 * JSON text for a field. `malformed`: the field cannot hold it, so the gateway must refuse it.
 * Otherwise the service decides.
 */
export type JsonInput = { text: string; malformed: boolean };

const malformed = (...texts: string[]) => texts.map((text) => ({ text, malformed: true }));
const readable = (...texts: string[]) => texts.map((text) => ({ text, malformed: false }));

/** Not JSON at all. */
const INVALID_JSON = malformed(
  "NaN",
  "Infinity",
  "-",
  "01",
  "+1",
  "0x10",
  "1e",
  "'1'",
  "undefined",
  "",
);

const INT64: JsonInput[] = [
  ...readable("1", '"1"', "0", "-0", '"-0"', "null", "1e3", "1.0", "-1", '"-1"'),
  ...readable("9007199254740991", '"9007199254740991"', "9007199254740992", '"9007199254740992"'),
  ...readable('"9007199254740993"', '"9223372036854775807"', '"-9223372036854775808"'),
  ...malformed('" 1"', '"1 "', '"+1"', '"01"', '"-01"', '"0x10"', '"0b1"', '"1_000"', '"\\n1"'),
  ...malformed("9007199254740993", "-9007199254740993", "9007199254740993.0", "9007199254740993e0"),
  ...malformed("1.00000000000000000001", "9223372036854775807", "-9223372036854775809"),
  ...malformed('"9223372036854775808"', '"-9223372036854775809"', "1e400", "1.5", '"1.5"'),
  ...malformed('"1e3"', '"1.0"', '""', '"abc"', '"1n"', '"NaN"', '"Infinity"', "true", "{}", "[]"),
  ...malformed('"\\ud800"', '"1\\u0000"', '["1"]', '{"__proto__":1}'),
];

const INT32: JsonInput[] = [
  ...readable("1", '"1"', "0", "-0", "null", "-1", "1e1", "1.0", "2147483647", "-2147483648"),
  ...malformed("2147483648", "-2147483649", '"2147483648"', "9007199254740993", "1.5", '"1.5"'),
  ...malformed('""', '" 1"', '"abc"', '"NaN"', "1e400", "true", "{}", "[]"),
  ...malformed('"01"', '"+1"', '"1.0"', '"1e1"', '"0x10"', '"1 "'),
];

const STRING: JsonInput[] = [
  ...readable("null", '""', '"a\\u0000b"', '"__proto__"', '"\\ud83c\\udf75"', '"%s\\r\\nX-A: 1"'),
  ...malformed("1", "true", "{}", "[]", '"\\ud800"', '"\\udc00\\ud800"', '"\\ud800a"', '"\\x"'),
  ...malformed('"a\nb"'),
];

const ENUM: JsonInput[] = [
  ...readable("null", "0", "1", "999", "-1", "1.0"),
  ...malformed('"NO_SUCH_NAME"', '""', '"1"', '"__proto__"', '"constructor"', "1.5"),
  ...malformed("2147483648", "true", "{}", "[]"),
];

const TIMESTAMP: JsonInput[] = [
  ...readable("null", '"1969-12-31T23:59:59Z"', '"9999-12-31T23:59:59.999999999Z"'),
  ...readable('"2026-01-01T00:00:00+01:00"', '"0001-01-01T00:00:00Z"'),
  ...malformed('"yesterday"', '""', '"2026-13-01T00:00:00Z"', '"2026-01-01T24:00:01Z"'),
  ...malformed('"10000-01-01T00:00:00Z"', '"0000-01-01T00:00:00Z"', '"2026-01-01T00:00:00"'),
  ...malformed('"2026-01-01 00:00:00Z"', '"2026-01-01T00:00:00.0000000001Z"', "1", "true"),
  ...malformed('{"seconds":"1"}', "[]"),
  ...readable('"2028-02-29T00:00:00Z"', '"2000-02-29T12:00:00.5+14:00"', '"2026-06-30T23:59:59Z"'),
  // Days that their month lacks, and times that no clock shows.
  ...malformed('"2027-02-29T00:00:00Z"', '"2026-04-31T00:00:00Z"', '"2026-06-31T00:00:00Z"'),
  ...malformed('"2100-02-29T00:00:00Z"', '"2026-02-30T00:00:00Z"', '"2026-01-00T00:00:00Z"'),
  ...malformed('"2026-01-01T24:00:00Z"', '"2026-12-31T23:59:60Z"', '"2026-01-01T00:60:00Z"'),
  ...malformed('"2026-01-01T00:00:00+24:00"', '"2026-01-01T00:00:00+01:60"'),
  ...malformed('"2026-01-01T00:00:00+0100"', '"2026-01-01t00:00:00Z"', '"2026-1-1T00:00:00Z"'),
  ...malformed('" 2026-01-01T00:00:00Z"', '"2026-01-01T00:00:00,5Z"', '"2026-01-01T00:00:00z"'),
];

const BOOL: JsonInput[] = [
  ...readable("true", "false", "null"),
  ...malformed('"true"', '"false"', '""', "0", "1", "{}", "[]"),
];

const FIELD_MASK: JsonInput[] = [
  ...readable("null", '""', '"name"', '"noSuchField"'),
  ...malformed('" name"', '"name,"', '"name,,sku"', '"unit_price_cents"', '"Name"', "1", "true"),
  ...malformed("{}", "[]", '{"paths":["name"]}'),
];

/** All inputs to try in a field of this kind. */
export function jsonInputs(field: DescField): JsonInput[] {
  return [...inputsOf(field), ...INVALID_JSON];
}

function inputsOf(field: DescField): JsonInput[] {
  switch (field.fieldKind) {
    case "list":
      return [
        ...readable("null", "[]"),
        ...malformed("1", '"x"', "true", "{}", "[null]", "[[]]"),
        ...(field.message ? malformed("[1]", '["x"]', '[{"x":1}]') : malformed("[true]")),
      ];
    case "message":
      if (field.message.typeName === "google.protobuf.Timestamp") return TIMESTAMP;
      if (field.message.typeName === "google.protobuf.FieldMask") return FIELD_MASK;
      return [
        ...readable("null", "{}"),
        ...malformed("1", '"x"', "true", "[]", '{"x":1}', '{"__proto__":{}}', '{"constructor":1}'),
      ];
    case "enum":
      return ENUM;
    case "scalar":
      return scalarInputs(field.scalar);
    default:
      throw new Error(`no JSON inputs for the map ${field}; add some in json-inputs.ts`);
  }
}

function scalarInputs(scalar: ScalarType): JsonInput[] {
  switch (scalar) {
    case ScalarType.INT64:
      return INT64;
    case ScalarType.INT32:
      return INT32;
    case ScalarType.BOOL:
      return BOOL;
    case ScalarType.STRING:
      return STRING;
    default:
      throw new Error(`no JSON inputs for ${ScalarType[scalar]}; add some in json-inputs.ts`);
  }
}

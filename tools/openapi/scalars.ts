import { type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Json } from "./json.ts";

const INT32: Json = {
  type: "integer",
  format: "int32",
  minimum: -(2 ** 31),
  maximum: 2 ** 31 - 1,
};
const UINT32: Json = { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 };
// Strings, because a JSON number is exact up to 2^53 only.
const INT64 = longSchema("int64", "^-?[0-9]{1,19}$");
const UINT64 = longSchema("uint64", "^[0-9]{1,20}$");

function longSchema(format: string, pattern: string): Json {
  return { type: "string", format, pattern, examples: ["1"] };
}

function floatingPoint(format: string): Json {
  return { anyOf: [{ type: "number", format }, { enum: ["NaN", "Infinity", "-Infinity"] }] };
}

const SCALARS: Record<ScalarType, Json> = {
  [ScalarType.DOUBLE]: floatingPoint("double"),
  [ScalarType.FLOAT]: floatingPoint("float"),
  [ScalarType.INT32]: INT32,
  [ScalarType.SINT32]: INT32,
  [ScalarType.SFIXED32]: INT32,
  [ScalarType.UINT32]: UINT32,
  [ScalarType.FIXED32]: UINT32,
  [ScalarType.INT64]: INT64,
  [ScalarType.SINT64]: INT64,
  [ScalarType.SFIXED64]: INT64,
  [ScalarType.UINT64]: UINT64,
  [ScalarType.FIXED64]: UINT64,
  [ScalarType.BOOL]: { type: "boolean" },
  [ScalarType.STRING]: { type: "string" },
  [ScalarType.BYTES]: { type: "string", contentEncoding: "base64" },
};

export function scalarSchema(scalar: ScalarType): Json {
  return SCALARS[scalar];
}

/** The schema of a map's keys, which are strings in JSON. Empty for a map with string keys. */
export function mapKeys(key: ScalarType): Json {
  const { type, pattern } = SCALARS[key];
  if (type === "boolean") return { propertyNames: { enum: ["true", "false"] } };
  if (type === "integer") return { propertyNames: { pattern: "^-?[0-9]{1,10}$" } };
  return pattern === undefined ? {} : { propertyNames: { pattern } };
}

/** Messages of google.protobuf that have a JSON form of their own. */
const WELL_KNOWN: Record<string, Json> = {
  Timestamp: { type: "string", format: "date-time" },
  Duration: { type: "string", pattern: "^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$" },
  FieldMask: { type: "string" },
  Struct: { type: "object" },
  Value: {},
  ListValue: { type: "array" },
  Any: { type: "object", properties: { "@type": { type: "string" } }, required: ["@type"] },
  DoubleValue: SCALARS[ScalarType.DOUBLE],
  FloatValue: SCALARS[ScalarType.FLOAT],
  Int32Value: INT32,
  UInt32Value: UINT32,
  Int64Value: INT64,
  UInt64Value: UINT64,
  BoolValue: SCALARS[ScalarType.BOOL],
  StringValue: SCALARS[ScalarType.STRING],
  BytesValue: SCALARS[ScalarType.BYTES],
};

/** Undefined for a message whose JSON form is an object of its fields. */
export function wellKnownSchema(message: DescMessage): Json | undefined {
  const [, name = ""] = /^google\.protobuf\.(\w+)$/.exec(message.typeName) ?? [];
  return WELL_KNOWN[name];
}

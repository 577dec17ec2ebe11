import { type DescField, ScalarType } from "@bufbuild/protobuf";
import type { FieldPath } from "../../../testbed/calls/contract.ts";

/** A value for a field, and the name by which rules.ts refers to it. */
export type Input = { name: string; value: unknown };

/** Above the maximum length of every list in the contract. */
const TOO_MANY = 10_001;

const INT64 = [
  0n,
  -1n,
  1n,
  2n ** 31n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const INT32 = [
  0,
  -1,
  1,
  100,
  101,
  10_000,
  10_001,
  999_999_999,
  1_000_000_000,
  2 ** 31 - 1,
  -(2 ** 31),
];
const SECONDS = [0n, -1n, 253_402_300_799n, 253_402_300_800n, 2n ** 63n - 1n, -(2n ** 63n)];

export const TEXTS: Input[] = [
  { name: "absent", value: "" },
  { name: "spaces", value: "   " },
  { name: "huge", value: "x".repeat(1_000_000) },
  { name: "nul", value: "a\0b" },
  { name: "crlf", value: "a\r\nX-Admin: 1" },
  { name: "escape", value: "a\u001b[31mb" },
  { name: "direction", value: "a\u202eb" },
  { name: "emoji", value: "tea \u{1f375}\u{1f469}\u200d\u{1f680}" },
  { name: "right to left", value: "\u05e9\u05dc\u05d5\u05dd\u200f" },
  { name: "zero width", value: "a\u200b\ufeffb" },
  { name: "or 1=1", value: "' OR 1=1 --" },
  { name: "drop", value: '"; DROP TABLE orders; --' },
  { name: "percent", value: "%" },
  { name: "underscore", value: "a_b" },
  { name: "backslash", value: "a\\' b\\" },
  { name: "__proto__", value: "__proto__" },
  { name: "constructor", value: "constructor" },
  { name: "path", value: "../../etc/passwd" },
  { name: "html", value: "<script>alert(1)</script>" },
  { name: "format", value: "%s#{7*7}{{7*7}}" },
];

/** Texts at and just above a limit, which counts code points and not UTF-16 units. */
function textsAround(maxLength: number): Input[] {
  return [
    { name: "longest", value: "x".repeat(maxLength) },
    { name: "longest in emoji", value: "\u{1f375}".repeat(maxLength) },
    { name: "too long", value: "x".repeat(maxLength + 1) },
  ];
}

/** All inputs to try in a field. `current` is the value of the field in the valid request. */
export function inputsFor({ fields, path }: FieldPath, current: unknown, maxLength = 64): Input[] {
  const field = fields.at(-1) as DescField;
  switch (field.fieldKind) {
    case "message":
      return [
        { name: "absent", value: undefined },
        { name: "empty", value: {} },
      ];
    case "enum":
      return [0, 1, 2, 999, -1, 2 ** 31 - 1].map(numbered);
    case "list":
      return lists(field, current as unknown[]);
    case "map":
      return [
        { name: "absent", value: {} },
        { name: "__proto__", value: JSON.parse('{"__proto__":"1","constructor":"2"}') },
        { name: "crlf", value: { "a\r\nb": "c\r\nd" } },
      ];
    default:
      return scalars(field.scalar, { path, maxLength });
  }
}

function lists(field: DescField, current: unknown[]): Input[] {
  const [entry] = current;
  const common: Input[] = [
    { name: "absent", value: [] },
    { name: "too many", value: Array.from({ length: TOO_MANY }, () => entry) },
    { name: "twice", value: [entry, entry] },
  ];
  if (field.fieldKind === "list" && field.scalar === ScalarType.STRING) {
    return [...common, { name: "unknown", value: ["no_such_field"] }];
  }
  if (field.message) return [...common, { name: "empty entry", value: [{}] }];
  return [...common, ...INT64.map((value) => ({ name: String(value), value: [entry, value] }))];
}

function scalars(scalar: ScalarType | undefined, at: { path: string; maxLength: number }): Input[] {
  if (at.path.endsWith(".seconds")) return SECONDS.map(numbered);
  switch (scalar) {
    case ScalarType.INT64:
      return INT64.map(numbered);
    case ScalarType.INT32:
      return INT32.map(numbered);
    case ScalarType.STRING:
      return [...TEXTS, ...textsAround(at.maxLength)];
    case ScalarType.BOOL:
      return [false, true].map((value) => ({ name: String(value), value }));
    case ScalarType.BYTES:
      return [Buffer.alloc(0), Buffer.alloc(1_000_000), Buffer.from([0xff, 0])].map((value) => {
        return { name: `${value.length} bytes`, value };
      });
    default:
      throw new Error(`no inputs for ${at.path}; add some in inputs.ts`);
  }
}

function numbered(value: bigint | number): Input {
  return { name: String(value), value };
}

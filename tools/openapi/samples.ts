import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { Json, JsonValue } from "./json.ts";
import { PLACEHOLDERS } from "./words.ts";

/**
 * Example values by the name of a field, or of its message and the field. Other fields get a value
 * of their type.
 */
const BY_NAME: Record<string, JsonValue> = {
  amountCents: "5000",
  amountOffCents: "500",
  balanceCents: "0",
  consignee: "Ada Lovelace",
  // 0 means none.
  couponId: "0",
  "GetCouponRequest.couponId": "1",
  delta: "10",
  description: "Whistles when it boils.",
  // Empty means all.
  goodsIds: [],
  orderStatus: "ORDER_STATUS_UNSPECIFIED",
  "ListCouponsRequest.status": "COUPON_STATUS_UNSPECIFIED",
  // Any other amount is refused today.
  goodwillCents: "0",
  imageUrl: "https://example.com/kettle.jpg",
  keepStock: false,
  maximumOffCents: "0",
  mobile: "+49 30 123456",
  name: "Kettle",
  minimumGoodsAmountCents: "0",
  note: "As agreed on the phone.",
  orderAmountCents: "1890",
  pageSize: 20,
  pageToken: "",
  password: "a long enough password",
  // The seed has this user.
  "LoginRequest.password": "ada likes tea",
  provider: "sandbox",
  query: "",
  refreshToken: "the-refresh-token-of-the-session",
  requestId: "a-new-id-for-each-request",
  returnUrl: "http://localhost:3000/thanks",
  shippingFeeCents: "1000",
  sku: "KETTLE-2L",
  stock: "100",
  text: "12 St James's Square, London",
  updateMask: "name,unitPriceCents",
  trackingNumber: "00340434161094042557",
  unitPriceCents: "890",
  // 0 means the caller.
  userId: "0",
  "IssueCouponRequest.userId": "1",
  "TopUpBalanceRequest.userId": "1",
  userName: "ada",
  // Free after the seed.
  "RegisterRequest.userName": "mary",
  validFrom: "2026-01-01T00:00:00Z",
  validUntil: "2099-12-31T23:59:59Z",
};

/** An example request, with the first field of each oneof. */
export function sampleOf(message: DescMessage): Json {
  const shown = message.fields.filter(
    (field) => !field.oneof || field.oneof.fields.length === 1 || field.oneof.fields[0] === field,
  );
  return Object.fromEntries(shown.map((field) => [field.jsonName, sampleOfField(field)]));
}

/**
 * The names of the fields in an example, also of its lists and messages, that stand in for a value
 * of the shop at hand. A 0 is none: it means the caller or no coupon.
 */
export function placeholdersOf(example: Json): string[] {
  const found = new Set<string>();
  collect(example, found);
  return [...found].sort();
}

function collect(value: JsonValue, found: Set<string>): void {
  if (value === null || typeof value !== "object") return;
  for (const [name, inner] of Object.entries(value)) {
    if (name in PLACEHOLDERS && inner !== "0") found.add(name);
    collect(inner, found);
  }
}

function sampleOfField(field: DescField): JsonValue {
  if (field.fieldKind === "map") return {};
  const named = BY_NAME[`${field.parent?.name}.${field.jsonName}`] ?? BY_NAME[field.jsonName];
  if (named !== undefined) return named;
  return field.fieldKind === "list" ? [sampleOfOne(field)] : sampleOfOne(field);
}

function sampleOfOne(field: DescField): JsonValue {
  if (field.enum) return (field.enum.values[1] ?? field.enum.values[0])?.name ?? "";
  if (field.message) {
    const isTime = field.message.typeName === "google.protobuf.Timestamp";
    return isTime ? "2026-01-31T12:00:00Z" : sampleOf(field.message);
  }
  switch (field.scalar) {
    case ScalarType.BOOL:
      return true;
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return "";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return 1;
    default:
      return "1";
  }
}

import { create, toBinary } from "@bufbuild/protobuf";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { ADDRESS, SHIPPING } from "../../testbed/orders/fixtures.ts";

type Line = { goodsId: bigint; quantity: bigint; unitPriceCents: bigint };
export type OrderSpec = { userId: bigint; lines: Line[]; couponId?: bigint; balanceCents?: bigint };

/** The length of every request_id, so that one can replace another in place. */
export const REQUEST_ID_LENGTH = 16;
/** After tag and length of the first field. */
const REQUEST_ID_AT = 2;
const PLACEHOLDER = "0".repeat(REQUEST_ID_LENGTH);

/** Serializes a PlaceOrderRequest with correct amounts and a placeholder as request_id. */
export function templateOf({ userId, lines, couponId = 0n, balanceCents = 0n }: OrderSpec): Buffer {
  const goodsAmountCents = lines.reduce((sum, l) => sum + l.quantity * l.unitPriceCents, 0n);
  const shippingFeeCents = goodsAmountCents >= SHIPPING.freeFromCents ? 0n : SHIPPING.feeCents;
  const message = create(PlaceOrderRequestSchema, {
    requestId: PLACEHOLDER,
    userId,
    lines,
    address: ADDRESS,
    shippingFeeCents,
    orderAmountCents: goodsAmountCents + shippingFeeCents,
    couponId,
    balanceCents,
  });
  const bytes = Buffer.from(toBinary(PlaceOrderRequestSchema, message));
  if (bytes.indexOf(PLACEHOLDER, 0, "latin1") !== REQUEST_ID_AT) {
    throw new Error("request_id is not the first field of the serialized request");
  }
  return bytes;
}

/** The same order with another request_id. */
export function requestOf(template: Buffer, requestId: string): Buffer {
  if (requestId.length !== REQUEST_ID_LENGTH)
    throw new Error(`request_id ${requestId} must have ${REQUEST_ID_LENGTH} characters`);
  const bytes = Buffer.from(template);
  bytes.write(requestId, REQUEST_ID_AT, "latin1");
  return bytes;
}

/** Generates request_ids that no other client process generates. */
export function requestIds(client: number): () => string {
  let made = 0;
  const own = client.toString(36).padStart(2, "0");
  const digits = REQUEST_ID_LENGTH - own.length;
  return () => {
    made += 1;
    return own + made.toString(36).padStart(digits, "0");
  };
}

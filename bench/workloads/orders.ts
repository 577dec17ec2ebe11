import { create, toBinary } from "@bufbuild/protobuf";
import { PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { ADDRESS, SHIPPING } from "../../testbed/orders/fixtures.ts";

type Line = { goodsId: bigint; quantity: bigint; unitPriceCents: bigint };
export type Wish = { userId: bigint; lines: Line[]; couponId?: bigint; balanceCents?: bigint };

/** Of every request id, so that one can be written over another. */
export const REQUEST_ID_LENGTH = 16;
/** Tag and length of the first field. */
const REQUEST_ID_AT = 2;
const NOBODY = "0".repeat(REQUEST_ID_LENGTH);

/** A PlaceOrderRequest whose amounts are right, as bytes, with a request id that is nobody's yet. */
export function templateOf({ userId, lines, couponId = 0n, balanceCents = 0n }: Wish): Buffer {
  const goodsAmountCents = lines.reduce((sum, l) => sum + l.quantity * l.unitPriceCents, 0n);
  const shippingFeeCents = goodsAmountCents >= SHIPPING.freeFromCents ? 0n : SHIPPING.feeCents;
  const message = create(PlaceOrderRequestSchema, {
    requestId: NOBODY,
    userId,
    lines,
    address: ADDRESS,
    shippingFeeCents,
    orderAmountCents: goodsAmountCents + shippingFeeCents,
    couponId,
    balanceCents,
  });
  const bytes = Buffer.from(toBinary(PlaceOrderRequestSchema, message));
  if (bytes.indexOf(NOBODY, 0, "latin1") !== REQUEST_ID_AT) {
    throw new Error("the request id does not come first");
  }
  return bytes;
}

/** The same order as another request. */
export function requestOf(template: Buffer, requestId: string): Buffer {
  if (requestId.length !== REQUEST_ID_LENGTH) throw new Error(`${requestId} has another length`);
  const bytes = Buffer.from(template);
  bytes.write(requestId, REQUEST_ID_AT, "latin1");
  return bytes;
}

/** Request ids that no other client process makes. */
export function requestIds(client: number): () => string {
  let made = 0;
  const own = client.toString(36).padStart(2, "0");
  const digits = REQUEST_ID_LENGTH - own.length;
  return () => {
    made += 1;
    return own + made.toString(36).padStart(digits, "0");
  };
}

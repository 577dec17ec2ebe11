import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  type Order,
  OrderSchema,
  type OrderStatus,
  type PayStatus,
  type ShippingStatus,
} from "#proto/shop/order/v1/order_pb.ts";
import { big, type Transaction } from "./connections.ts";

type Request = { userId: bigint; requestId: string; fingerprint: Buffer };
type OrderRow = {
  orderId: string;
  userId: string;
  fingerprint: Buffer;
  orderStatus: OrderStatus;
  payStatus: PayStatus;
  shippingStatus: ShippingStatus;
  consignee: string;
  mobile: string;
  text: string;
  goodsAmountCents: string;
  shippingFeeCents: string;
  orderAmountCents: string;
  couponId: string;
  couponPaidCents: string;
  balancePaidCents: string;
  payAmountCents: string;
  createTime: Date;
  confirmTime: Date;
  payTime: Date | null;
  payDeadline: Date;
};

const SELECT_ORDER = `select order_id as orderId, user_id as userId,
    request_fingerprint as fingerprint, order_status as orderStatus, pay_status as payStatus,
    shipping_status as shippingStatus, consignee, mobile, address_text as text,
    goods_amount_cents as goodsAmountCents, shipping_fee_cents as shippingFeeCents,
    order_amount_cents as orderAmountCents, coupon_id as couponId,
    coupon_paid_cents as couponPaidCents, balance_paid_cents as balancePaidCents,
    pay_amount_cents as payAmountCents, create_time as createTime, confirm_time as confirmTime,
    pay_time as payTime, pay_deadline as payDeadline
  from orders where user_id = ? and request_id = ?`;
const SELECT_LINES = `select goods_id as goodsId, quantity, unit_price_cents as unitPriceCents
  from order_lines where order_id = ? order by line_number`;

/**
 * The order that the same request has placed before. Throws when the request_id was used for
 * another request.
 */
export async function earlierOrder(
  tx: Transaction,
  { userId, requestId, fingerprint }: Request,
): Promise<Order | undefined> {
  const [row] = await tx.select<OrderRow>(SELECT_ORDER, [big(userId), requestId]);
  if (!row) return undefined;
  if (!row.fingerprint.equals(fingerprint)) throw new Refusal(Reason.REQUEST_ID_REUSED);
  const orderId = BigInt(row.orderId);
  const lines = await tx.select<Record<"goodsId" | "quantity" | "unitPriceCents", string>>(
    SELECT_LINES,
    [big(orderId)],
  );
  const { consignee, mobile, text, payTime } = row;
  return create(OrderSchema, {
    orderId,
    userId: BigInt(row.userId),
    orderStatus: row.orderStatus,
    payStatus: row.payStatus,
    shippingStatus: row.shippingStatus,
    lines: lines.map((line) => ({
      goodsId: BigInt(line.goodsId),
      quantity: BigInt(line.quantity),
      unitPriceCents: BigInt(line.unitPriceCents),
    })),
    address: { consignee, mobile, text },
    goodsAmountCents: BigInt(row.goodsAmountCents),
    shippingFeeCents: BigInt(row.shippingFeeCents),
    orderAmountCents: BigInt(row.orderAmountCents),
    couponId: BigInt(row.couponId),
    couponPaidCents: BigInt(row.couponPaidCents),
    balancePaidCents: BigInt(row.balancePaidCents),
    payAmountCents: BigInt(row.payAmountCents),
    createTime: timestampFromDate(row.createTime),
    confirmTime: timestampFromDate(row.confirmTime),
    ...(payTime && { payTime: timestampFromDate(payTime) }),
    payDeadline: timestampFromDate(row.payDeadline),
  });
}

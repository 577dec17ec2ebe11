import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Implementation, implement } from "#platform/rpc/server.ts";
import { errorInfo } from "#platform/values/refusal.ts";
import { decodeRefusal } from "#platform/values/refusal-bytes.ts";
import {
  type OrderHistoryEntrySchema,
  type OrderSchema,
  OrderService,
  OrderView,
  type RefundSchema,
} from "#proto/shop/order/v1/order_pb.ts";
import { cancelOrder } from "./use-cases/cancel-order.ts";
import { confirmReceipt } from "./use-cases/confirm-receipt.ts";
import { getOrder } from "./use-cases/get-order.ts";
import { listOrderHistory } from "./use-cases/list-order-history.ts";
import { listOrders } from "./use-cases/list-orders.ts";
import { listRefunds } from "./use-cases/list-refunds.ts";
import type { Parts } from "./use-cases/parts.ts";
import type { PlaceOrder } from "./use-cases/place-order.ts";
import { quoteOrder } from "./use-cases/quote-order.ts";
import { refundOrder } from "./use-cases/refund-order.ts";
import { shipOrder } from "./use-cases/ship-order.ts";
import { updateTrackingNumber } from "./use-cases/update-tracking-number.ts";
import { watchOrder } from "./use-cases/watch-order.ts";

type Order = Awaited<ReturnType<typeof getOrder>>;
type HistoryEntry = Awaited<ReturnType<typeof listOrderHistory>>["entries"][number];

export function orderImplementation(parts: Parts, placing: PlaceOrder): Implementation {
  return implement(OrderService, {
    async quoteOrder({ userId, lines, couponId, balanceCents }, call) {
      return quoteOrder(parts, { userId, lines, couponId, balanceCents }, call);
    },
    async placeOrder(request, call) {
      const { consignee = "", mobile = "", text = "" } = request.address ?? {};
      // Without the names, which only answers have.
      const lines = request.lines.map(({ goodsId, quantity, unitPriceCents }) => {
        return { goodsId, quantity, unitPriceCents };
      });
      const command = { ...request, lines, address: { consignee, mobile, text } };
      const order = await placing.place(command, call);
      call.log.info(
        { orderId: String(order.orderId), userId: String(order.userId) },
        "order confirmed",
      );
      return { order: orderMessage(order) };
    },
    async getOrder({ orderId }, call) {
      return { order: orderMessage(await getOrder(parts, orderId, call)) };
    },
    async listOrders({ userId, pageSize, pageToken, orderStatus, view }) {
      const basic = view === OrderView.BASIC;
      const query = { userId, pageSize, pageToken, status: orderStatus, basic };
      const { orders, nextPageToken } = await listOrders(parts, query);
      return { orders: orders.map(orderMessage), nextPageToken };
    },
    async *watchOrder({ orderId }, call) {
      for await (const order of watchOrder(parts, orderId, call)) {
        yield { order: orderMessage(order) };
      }
    },
    async cancelOrder({ orderId }, call) {
      const order = await cancelOrder(parts, orderId, call);
      call.log.info({ orderId: String(orderId), userId: String(order.userId) }, "order cancelled");
      return { order: orderMessage(order) };
    },
    async shipOrder({ orderId, trackingNumber }, call) {
      const order = await shipOrder(parts, { orderId, trackingNumber }, call);
      return { order: orderMessage(order) };
    },
    async updateTrackingNumber({ orderId, trackingNumber }, call) {
      const order = await updateTrackingNumber(parts, { orderId, trackingNumber }, call);
      return { order: orderMessage(order) };
    },
    async confirmReceipt({ orderId }, call) {
      return { order: orderMessage(await confirmReceipt(parts, orderId, call)) };
    },
    async refundOrder({ lines, ...request }, call) {
      const { requestId, orderId, note, keepStock, goodwillCents } = request;
      const wanted = lines.map(({ goodsId, quantity }) => ({ goodsId, quantity }));
      const command = { requestId, orderId, lines: wanted, note, keepStock, goodwillCents };
      const order = await refundOrder(parts, command, call);
      call.log.info({ orderId: String(orderId), requestId }, "refund requested");
      return { order: orderMessage(order) };
    },
    async listRefunds(query, call) {
      const { refunds, nextPageToken } = await listRefunds(parts, query, call);
      return { refunds: refunds.map(refundMessage), nextPageToken };
    },
    async listOrderHistory(query, call) {
      const { entries, nextPageToken } = await listOrderHistory(parts, query, call);
      return { entries: entries.map(historyMessage), nextPageToken };
    },
  });
}

/** Fields that the stored order and the message have in common are taken as they are. */
function orderMessage(order: Order): MessageInitShape<typeof OrderSchema> {
  const { consignee, mobile, addressText, failure } = order;
  return {
    ...order,
    address: { consignee, mobile, text: addressText },
    balancePaidCents: order.balanceCents,
    failure: failure ? errorInfo(decodeRefusal(failure)) : undefined,
    createTime: timestampFromDate(order.createTime),
    confirmTime: optionalTime(order.confirmTime),
    payTime: optionalTime(order.payTime),
    payDeadline: optionalTime(order.payDeadline),
    shipTime: optionalTime(order.shipTime),
    closeTime: optionalTime(order.closeTime),
    refunds: order.refunds.map(refundMessage),
  };
}

function refundMessage(refund: Order["refunds"][number]): MessageInitShape<typeof RefundSchema> {
  const { createTime, finishTime } = refund;
  return {
    ...refund,
    createTime: timestampFromDate(createTime),
    finishTime: optionalTime(finishTime),
  };
}

function optionalTime(time: Date | null): Timestamp | undefined {
  return time ? timestampFromDate(time) : undefined;
}

function historyMessage(entry: HistoryEntry): MessageInitShape<typeof OrderHistoryEntrySchema> {
  const { changeTime, orderStatus, payStatus, shippingStatus, actor, cause, detail } = entry;
  const time = timestampFromDate(changeTime);
  return { time, orderStatus, payStatus, shippingStatus, actor, cause, detail };
}

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type CallOptions, type ClientOptions, createClient } from "#platform/rpc/clients.ts";
import { Outage } from "#platform/values/refusal.ts";
import { OrderService, OrderStatusSchema, PayStatusSchema } from "#proto/shop/order/v1/order_pb.ts";
import type { PayableOrder } from "../domain/payable.ts";

export type OrderClient = {
  /** The order of any user. Refuses with ORDER_NOT_FOUND. */
  order(orderId: bigint, options: CallOptions): Promise<PayableOrder>;
  close(): void;
};

export function orderClient(options: ClientOptions): OrderClient {
  const client = createClient(OrderService, options);
  return {
    async order(orderId, call) {
      const { order } = await client.getOrder({ orderId }, call);
      if (order?.orderId !== orderId) {
        throw new Outage(`the order service answered GetOrder without order ${orderId}`);
      }
      return {
        orderId,
        userId: order.userId,
        orderStatus: OrderStatusSchema.value[order.orderStatus]?.localName ?? "UNSPECIFIED",
        payStatus: PayStatusSchema.value[order.payStatus]?.localName ?? "UNSPECIFIED",
        payAmountCents: order.payAmountCents,
        currency: order.currencyCode,
        payDeadline: order.payDeadline && timestampDate(order.payDeadline),
      };
    },
    close: client.close,
  };
}

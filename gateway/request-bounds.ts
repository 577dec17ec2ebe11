import type { DescMethod } from "@bufbuild/protobuf";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { MAX_ORDER_BYTES, MAX_REQUEST_BYTES, MAX_UNPACKED_RATIO } from "./limits.ts";

/** What a request may be before it is decoded. The service then checks what it means. */
export type RequestBounds = {
  /** Bytes, also after decompression. */
  bytes: number;
  /** Values in all: fields, entries of lists, and messages. */
  values: number;
  /** How many times its compressed size it may have. */
  ratio: number;
};

/** Enough for every request without a list. */
const SINGLE: RequestBounds = {
  bytes: MAX_REQUEST_BYTES,
  values: 500,
  ratio: MAX_UNPACKED_RATIO,
};

/** 1,000 lines with every field that an order line has. */
const LINES: RequestBounds = { ...SINGLE, bytes: MAX_ORDER_BYTES, values: 10_000 };

const OWN = new Map<DescMethod, RequestBounds>([
  [OrderService.method.quoteOrder, LINES],
  [OrderService.method.placeOrder, LINES],
  [OrderService.method.refundOrder, LINES],
  // 1,000 goods_ids, and more, so that the service can say how many it takes.
  [GoodsService.method.listGoods, { ...SINGLE, values: 3_000 }],
]);

export function requestBoundsOf(method: DescMethod): RequestBounds {
  return OWN.get(method) ?? SINGLE;
}

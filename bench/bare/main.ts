// The bare call: the same messages through the same gRPC stack, answered at once. It shows the most
// that this machine can do.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { DEFAULT_LIMITS } from "#platform/rpc/limits.ts";
import { serverOptions } from "#platform/rpc/server.ts";
import { type Running, runService } from "#platform/service/run.ts";
import {
  OrderService,
  type PlaceOrderRequest,
  PlaceOrderRequestSchema,
  PlaceOrderResponseSchema,
} from "#proto/shop/order/v1/order_pb.ts";
import { orderConfig } from "../../services/order/config.ts";
import { orderMessage } from "../monolith/answer.ts";

const PAY_DEADLINE_MS = 1_800_000;
const FIRST_ORDER_ID = 1n << 57n;

let lastOrderId = FIRST_ORDER_ID;

/** An answer of the size of a placed order's; nothing is checked or stored. */
function answer(request: PlaceOrderRequest) {
  const { consignee = "", mobile = "", text = "" } = request.address ?? {};
  const now = new Date();
  lastOrderId += 1n;
  return {
    order: orderMessage({
      ...request,
      address: { consignee, mobile, text },
      orderId: lastOrderId,
      goodsAmountCents: request.orderAmountCents - request.shippingFeeCents,
      couponPaidCents: 0n,
      payAmountCents: request.orderAmountCents - request.balanceCents,
      now,
      payDeadline: new Date(now.getTime() + PAY_DEADLINE_MS),
    }),
  };
}

function placeOrder(call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void {
  const request = fromBinary(PlaceOrderRequestSchema, call.request, { readUnknownFields: false });
  const response = create(PlaceOrderResponseSchema, answer(request));
  const bytes = toBinary(PlaceOrderResponseSchema, response);
  respond(null, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

async function start(env = process.env): Promise<Running> {
  const { host, port } = orderConfig(env).listen;
  const server = new Server(serverOptions(DEFAULT_LIMITS));
  const identity = (bytes: Buffer) => bytes;
  const { name } = OrderService.method.placeOrder;
  const definition = {
    path: `/${OrderService.typeName}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  server.addService({ [name]: definition }, { [name]: placeOrder });
  const bound = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync(`${host}:${port}`, credentials, (error, chosen) =>
      error ? reject(error) : resolve(chosen),
    );
  });
  return {
    address: `${host}:${bound}`,
    async stop() {
      server.forceShutdown();
    },
  };
}

if (import.meta.main) runService(start);

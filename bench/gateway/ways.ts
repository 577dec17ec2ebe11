import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createClient as createDirectClient } from "#platform/rpc/clients.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import type { PlaceRequest } from "../../testbed/orders/fixtures.ts";
import type { Shop } from "../../testbed/shop/shop.ts";

/** A way to place an order with the caller's token. */
export type Way = {
  name: string;
  place(request: PlaceRequest, token: string): Promise<unknown>;
  close(): void;
};

const TIMEOUT_MS = 15_000;

/**
 * The order service over gRPC, and the gateway in the protocols that clients use, each with its
 * usual client.
 */
export function waysToOrder(shop: Shop): Way[] {
  const direct = createDirectClient(OrderService, {
    address: shop.addresses.order,
    tls: undefined,
    timeoutMs: TIMEOUT_MS,
  });
  const common = { baseUrl: shop.gatewayUrl, defaultTimeoutMs: TIMEOUT_MS };
  const transports = {
    "Connect JSON": createConnectTransport({
      ...common,
      httpVersion: "1.1",
      useBinaryFormat: false,
    }),
    "Connect JSON, HTTP/2": createConnectTransport({
      ...common,
      httpVersion: "2",
      useBinaryFormat: false,
    }),
    "gRPC through the gateway": createGrpcTransport(common),
  };
  const through = Object.entries(transports).map(([name, transport]): Way => {
    const client = createClient(OrderService, transport);
    return {
      name,
      place: (request, token) =>
        client.placeOrder(request, { headers: { authorization: `Bearer ${token}` } }),
      close: () => {},
    };
  });
  const itself: Way = {
    name: "gRPC, direct",
    place: (request, token) => direct.placeOrder(request, { token }),
    close: () => direct.close(),
  };
  return [itself, ...through];
}

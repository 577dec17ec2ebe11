// A client of the shop for a page of another origin. Its session is in cookies that scripts cannot
// read. README.md explains it.

import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { GoodsService } from "../../proto/gen/shop/goods/v1/goods_pb.ts";
import { type Order, OrderService, OrderStatus } from "../../proto/gen/shop/order/v1/order_pb.ts";
import { PayService } from "../../proto/gen/shop/pay/v1/pay_pb.ts";
import { UserService } from "../../proto/gen/shop/user/v1/user_pb.ts";

export type Shop = ReturnType<typeof openShop>;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** The final states of an order. */
const FINISHED: OrderStatus[] = [
  OrderStatus.CANCELLED,
  OrderStatus.COMPLETED,
  OrderStatus.REFUNDED,
];

/** Codes that a retry cannot change. A lost connection is UNKNOWN: the browser gives no reason. */
const FINAL: Code[] = [
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unimplemented,
];

const withCookies: typeof fetch = (input, init) =>
  fetch(input, { ...init, credentials: "include" });

/** Requests cookies instead of tokens in the response. */
const cookieSession: Interceptor = (next) => (request) => {
  request.header.set("Shop-Session", "cookie");
  return next(request);
};

export function openShop(options: { url: string; protocol?: "connect" | "grpc-web" }) {
  const create = options.protocol === "grpc-web" ? createGrpcWebTransport : createConnectTransport;
  const common = { baseUrl: options.url, fetch: withCookies };
  const sessions = createClient(UserService, create({ ...common, interceptors: [cookieSession] }));

  let refreshing: Promise<unknown> | undefined;
  /** Refreshes the session. Concurrent calls share one refresh. */
  const refresh = () => {
    refreshing ??= sessions.refreshSession({}).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  /**
   * Retries a call that was UNAUTHENTICATED with a new access cookie. The first try had no effect.
   * It fails as UNAUTHENTICATED if the session has ended.
   */
  const refreshed: Interceptor = (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      if (request.stream || codeOf(error) !== Code.Unauthenticated) throw error;
      await refresh();
      return next(request);
    }
  };
  const transport = create({ ...common, interceptors: [refreshed] });
  const orders = createClient(OrderService, transport);

  /**
   * Yields the order now and after each transition until it is finished. It reconnects as needed.
   */
  async function* watchOrder(orderId: bigint, signal: AbortSignal): AsyncGenerator<Order> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        for await (const { order } of orders.watchOrder({ orderId }, { signal })) {
          if (!order) continue;
          yield order;
          if (FINISHED.includes(order.orderStatus)) return;
          pauseMs = FIRST_PAUSE_MS;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (FINAL.includes(codeOf(error))) throw error;
        if (codeOf(error) === Code.Unauthenticated) await refresh();
      }
      // A random pause, so that clients do not all reconnect at the same moment.
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)));
    }
  }

  return {
    /** For Register, Login, RefreshSession and Logout. */
    sessions,
    users: createClient(UserService, transport),
    goods: createClient(GoodsService, transport),
    orders,
    payments: createClient(PayService, transport),
    watchOrder,
  };
}

function codeOf(error: unknown): Code {
  return ConnectError.from(error).code;
}

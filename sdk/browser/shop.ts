// The shop for a page of another origin. The session is kept in cookies that no script can read; see README.md.

import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { GoodsService } from "../../proto/gen/shop/goods/v1/goods_pb.ts";
import { type Order, OrderService, OrderStatus } from "../../proto/gen/shop/order/v1/order_pb.ts";
import { PayService } from "../../proto/gen/shop/pay/v1/pay_pb.ts";
import { UserService } from "../../proto/gen/shop/user/v1/user_pb.ts";

export type Shop = ReturnType<typeof openShop>;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Nothing more happens to these orders. */
const FINISHED: OrderStatus[] = [
  OrderStatus.CANCELLED,
  OrderStatus.COMPLETED,
  OrderStatus.REFUNDED,
];

/** Asking again brings no other answer. A cut connection is UNKNOWN, since the browser does not say more. */
const FINAL: Code[] = [
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unimplemented,
];

const withCookies: typeof fetch = (input, init) =>
  fetch(input, { ...init, credentials: "include" });

/** Asks for cookies instead of tokens in the body. */
const cookieSession: Interceptor = (next) => (request) => {
  request.header.set("Shop-Session", "cookie");
  return next(request);
};

export function openShop(options: { url: string; protocol?: "connect" | "grpc-web" }) {
  const create = options.protocol === "grpc-web" ? createGrpcWebTransport : createConnectTransport;
  const common = { baseUrl: options.url, fetch: withCookies };
  const sessions = createClient(UserService, create({ ...common, interceptors: [cookieSession] }));

  let refreshing: Promise<unknown> | undefined;
  /** Once, however many calls find at the same time that the access cookie has expired. */
  const refresh = () => {
    refreshing ??= sessions.refreshSession({}).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  /** A call without a valid access cookie had no effect: it goes on with a new one, or ends as UNAUTHENTICATED. */
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

  /** The order as it is, then after each change until it is finished, over lost connections too. */
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
      // Not all at the same moment, when the shop comes back.
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

import { setTimeout as pause } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { type Client, createClient } from "#platform/rpc/clients.ts";
import { signToken } from "#platform/rpc/tokens.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";

/** The shop cannot be worked with; the message is one line for whoever runs the program. */
export class ShopTrouble extends Error {}

export type Shop = {
  goods: Client<typeof GoodsService>;
  user: Client<typeof UserService>;
  order: Client<typeof OrderService>;
  pay: Client<typeof PayService>;
  close(): void;
};

/** For one call; the server's own bound is 60 s. */
const TIMEOUT_MS = 30_000;
const TOKEN_SECONDS = 600;
const TOKEN_RENEWED_AFTER_MS = 300_000;

/** About 6 seconds in all: long enough for a service to come back after a crash. */
export const TRIES = 9;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** The shop of the settings, as an administrator. */
export function connectShop(settings: ClientSettings<ServiceName>): Shop {
  const { addresses, tls } = settings;
  const shared = { tls, timeoutMs: TIMEOUT_MS, serviceToken: administratorToken(settings) };
  const goods = createClient(GoodsService, { ...shared, address: addresses.goods });
  const user = createClient(UserService, { ...shared, address: addresses.user });
  const order = createClient(OrderService, { ...shared, address: addresses.order });
  const pay = createClient(PayService, { ...shared, address: addresses.pay });
  const close = () => {
    for (const client of [goods, user, order, pay]) client.close();
  };
  return { goods, user, order, pay, close };
}

/** Asks each service that the replay calls for something small; a ShopTrouble says what is in the way. */
export async function checkRunning(
  shop: Shop,
  { addresses }: ClientSettings<ServiceName>,
  { paying }: { paying: boolean },
): Promise<void> {
  const questions = {
    goods: () => shop.goods.listGoods({ pageSize: 1 }),
    user: () => shop.user.getUser({ userId: 1n }),
    order: () => shop.order.listOrders({ pageSize: 1 }),
    ...(paying && { pay: () => shop.pay.getPayment({ paymentId: 1n }) }),
  };
  for (const [service, ask] of Object.entries(questions)) {
    try {
      await ask();
    } catch (error) {
      // A refusal is an answer, too: there is no user 1, and no payment 1.
      if (!(error instanceof Refusal)) throw troubleOf(error, service, addresses);
    }
  }
}

function troubleOf(
  error: unknown,
  service: string,
  addresses: ClientSettings<ServiceName>["addresses"],
) {
  if (!(error instanceof Outage)) return error;
  const address = addresses[service as keyof typeof addresses];
  const code = (error.cause as Partial<ServiceError> | undefined)?.code;
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
    return new ShopTrouble(
      `the ${service} service at ${address} does not accept this program's token: SHOP_TOKEN_PRIVATE_KEY is not the shop's`,
    );
  }
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) {
    return new ShopTrouble(
      `the shop is not running: its ${service} service does not answer at ${address} (start it with npm start, or set SHOP_PORT_BASE or SHOP_${service.toUpperCase()}_ADDRESS)`,
    );
  }
  return new ShopTrouble(`the ${service} service at ${address} fails: ${error.message}`);
}

function administratorToken({ tokens }: ClientSettings<ServiceName>): () => Promise<string> {
  let token: Promise<string> | undefined;
  let signedAtMs = 0;
  return () => {
    if (!token || Date.now() - signedAtMs > TOKEN_RENEWED_AFTER_MS) {
      signedAtMs = Date.now();
      token = signToken(tokens, { role: "admin", subject: "replay", ttlSeconds: TOKEN_SECONDS });
    }
    return token;
  };
}

/**
 * Calls until there is an answer: again, after a growing pause, where the service was busy or its answer was lost. Only
 * for calls that may be repeated. `onRepeat` is told of each repetition.
 */
export async function persistently<T>(call: () => Promise<T>, onRepeat?: () => void): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt === TRIES || !mayPass(error)) throw error;
      onRepeat?.();
      await pauseAfter(attempt);
    }
  }
}

/** Longer after each attempt, and never the same for all that wait. */
export function pauseAfter(attempt: number): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return pause(longest * (0.5 + Math.random() / 2));
}

const PASSING = new Set<Reason>([
  Reason.RATE_LIMITED,
  Reason.REQUEST_IN_PROGRESS,
  Reason.PROVIDER_UNAVAILABLE,
]);

function mayPass(error: unknown): boolean {
  if (error instanceof Outage) return true;
  if (!(error instanceof Refusal)) return false;
  return PASSING.has(error.reason);
}

import { type ServiceError, status } from "@grpc/grpc-js";
import { type Client, createClient } from "#platform/rpc/clients.ts";
import { signToken } from "#platform/rpc/tokens.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { Outage, Refusal } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { CommandError } from "./command.ts";

/** The five services as one caller sees them. A client connects with its first call. */
export type ShopClients = {
  goods: Client<typeof GoodsService>;
  coupon: Client<typeof CouponService>;
  user: Client<typeof UserService>;
  order: Client<typeof OrderService>;
  pay: Client<typeof PayService>;
  close(): void;
};

/** Of one call. The services give up after 60 s. */
const TIMEOUT_MS = 30_000;
const TOKEN_SECONDS = 600;
const TOKEN_RENEWED_AFTER_MS = 300_000;

/** Clients that call with this token, or anonymously without one. */
export function connectShop(
  { addresses, tls }: ClientSettings<ServiceName>,
  token?: () => Promise<string>,
): ShopClients {
  const shared = { tls, timeoutMs: TIMEOUT_MS, ...(token && { serviceToken: token }) };
  const clients = {
    goods: createClient(GoodsService, { ...shared, address: addresses.goods }),
    coupon: createClient(CouponService, { ...shared, address: addresses.coupon }),
    user: createClient(UserService, { ...shared, address: addresses.user }),
    order: createClient(OrderService, { ...shared, address: addresses.order }),
    pay: createClient(PayService, { ...shared, address: addresses.pay }),
  };
  const close = () => {
    for (const client of Object.values(clients)) client.close();
  };
  return { ...clients, close };
}

/** Clients that call as an administrator of this name, which the histories record. */
export function connectAdministrator(
  settings: ClientSettings<ServiceName>,
  name: string,
): ShopClients {
  let token: Promise<string> | undefined;
  let signedAtMs = 0;
  return connectShop(settings, () => {
    if (!token || Date.now() - signedAtMs > TOKEN_RENEWED_AFTER_MS) {
      signedAtMs = Date.now();
      token = signToken(settings.tokens, {
        role: "admin",
        subject: name,
        ttlSeconds: TOKEN_SECONDS,
      });
    }
    return token;
  });
}

/**
 * Makes one small call to each of these services. Throws a CommandError that names the service, its
 * address and the remedy where one does not answer or does not accept the token.
 */
export async function assertRunning(
  shop: ShopClients,
  { addresses }: ClientSettings<ServiceName>,
  services: readonly ServiceName[],
): Promise<void> {
  const calls: Record<ServiceName, () => Promise<unknown>> = {
    goods: () => shop.goods.listGoods({ pageSize: 1 }),
    coupon: () => shop.coupon.getCoupon({ couponId: 1n }),
    user: () => shop.user.getUser({ userId: 1n }),
    order: () => shop.order.listOrders({ pageSize: 1 }),
    pay: () => shop.pay.getPayment({ paymentId: 1n }),
  };
  for (const service of services) {
    try {
      await calls[service]();
    } catch (error) {
      // A refusal is an answer as well: the entity with the identifier 1 does not exist.
      if (error instanceof Refusal) continue;
      throw error instanceof Outage ? unusable(error, service, addresses[service]) : error;
    }
  }
}

function unusable(outage: Outage, service: ServiceName, address: string): CommandError {
  const { code } = (outage.cause ?? {}) as Partial<ServiceError>;
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
    return new CommandError(
      `the ${service} service at ${address} does not accept this command's token; ` +
        "set SHOP_TOKEN_PRIVATE_KEY to the shop's key",
    );
  }
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) {
    return new CommandError(
      `the shop is not running: its ${service} service does not answer at ${address}; ` +
        `start it with npm start, or set SHOP_PORT_BASE or SHOP_${service.toUpperCase()}_ADDRESS`,
    );
  }
  return new CommandError(`the ${service} service at ${address} fails: ${outage.message}`);
}

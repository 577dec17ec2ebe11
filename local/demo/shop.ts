import { type Client, createClient } from "#platform/rpc/clients.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";

/** The services as one person sees them. */
export type Shop = {
  goods: Client<typeof GoodsService>;
  coupon: Client<typeof CouponService>;
  user: Client<typeof UserService>;
  order: Client<typeof OrderService>;
  pay: Client<typeof PayService>;
  close(): void;
};

const TIMEOUT_MS = 15_000;

/** Without a token: as anybody. */
export function shopAs({ addresses, tls }: ClientSettings<ServiceName>, token?: string): Shop {
  const serviceToken = token === undefined ? undefined : async () => token;
  const shared = { tls, serviceToken, timeoutMs: TIMEOUT_MS };
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

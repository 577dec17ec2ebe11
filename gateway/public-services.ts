import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { accessOf } from "#platform/rpc/access.ts";
import type { ServiceName } from "#proto/services.ts";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";

/** The services behind the gateway. */
export const PUBLIC_SERVICES: Record<ServiceName, DescService> = {
  goods: GoodsService,
  coupon: CouponService,
  user: UserService,
  order: OrderService,
  pay: PayService,
};

/**
 * Who may call a method through the gateway. Methods that are not the shop's, such as reflection,
 * are public.
 */
export function publicAccessOf(method: DescMethod): Access {
  const isOwn = Object.values(PUBLIC_SERVICES).includes(method.parent);
  return isOwn ? accessOf(method) : Access.PUBLIC;
}

/** False for methods that only services may call: the gateway does not serve them. */
export function isPublic(method: DescMethod): boolean {
  return accessOf(method) !== Access.SERVICE;
}

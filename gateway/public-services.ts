import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { accessOf } from "#platform/rpc/access.ts";
import type { ServiceName } from "#proto/services.ts";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";

/** What the gateway stands in front of. */
export const PUBLIC_SERVICES: Record<ServiceName, DescService> = {
  goods: GoodsService,
  coupon: CouponService,
  user: UserService,
  order: OrderService,
  pay: PayService,
};

/** Who may call a method out here. What is not the shop's own, such as reflection, is for anyone. */
export function accessOutside(method: DescMethod): Access {
  const isOwn = Object.values(PUBLIC_SERVICES).includes(method.parent);
  return isOwn ? accessOf(method) : Access.PUBLIC;
}

/** What the shop's services say to each other does not exist out here. */
export function isPublic(method: DescMethod): boolean {
  return accessOf(method) !== Access.SERVICE;
}

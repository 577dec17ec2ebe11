import { type CallOptions, type ClientOptions, createClient } from "#platform/rpc/clients.ts";
import { fromErrorInfo, type Refusal } from "#platform/values/refusal.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";

type Redemption = {
  orderId: bigint;
  couponId: bigint;
  userId: bigint;
  goodsAmountCents: bigint;
};

export type CouponClient = {
  /** Redeems coupons. Returns the amount off, or the refusal, of each. Throws an Outage for all. */
  redeem(redemptions: Redemption[], options: CallOptions): Promise<(bigint | Refusal)[]>;
  /** The amount that the coupon would take off now. Refuses what redeeming would refuse. */
  quote(redemption: Omit<Redemption, "orderId">, options: CallOptions): Promise<bigint>;
  close(): void;
};

export function couponClient(options: ClientOptions): CouponClient {
  const client = createClient(CouponService, options);
  return {
    async redeem(uses, call) {
      const { results } = await client.useCoupons({ uses }, call);
      return results.map(({ error, amountOffCents }) =>
        error ? fromErrorInfo(error) : amountOffCents,
      );
    },
    async quote(redemption, call) {
      const { amountOffCents } = await client.quoteCoupon(redemption, call);
      return amountOffCents;
    },
    close: client.close,
  };
}

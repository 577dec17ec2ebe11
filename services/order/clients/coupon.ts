import { type CallOptions, type ClientOptions, createClient } from "#platform/rpc/clients.ts";
import { fromErrorInfo, type Refusal } from "#platform/values/refusal.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";

export type CouponUse = {
  orderId: bigint;
  couponId: bigint;
  userId: bigint;
  goodsAmountCents: bigint;
};

export type CouponClient = {
  /** For each use what the coupon takes off, or why it was not spent. Throws an Outage for all. */
  use(uses: CouponUse[], options: CallOptions): Promise<(bigint | Refusal)[]>;
  /** What the coupon would take off now; throws the Refusal that spending it would give. */
  quote(use: Omit<CouponUse, "orderId">, options: CallOptions): Promise<bigint>;
  close(): void;
};

export function couponClient(options: ClientOptions): CouponClient {
  const client = createClient(CouponService, options);
  return {
    async use(uses, call) {
      const { results } = await client.useCoupons({ uses }, call);
      return results.map(({ error, amountOffCents }) =>
        error ? fromErrorInfo(error) : amountOffCents,
      );
    },
    async quote(use, call) {
      const { amountOffCents } = await client.quoteCoupon(use, call);
      return amountOffCents;
    },
    close: client.close,
  };
}

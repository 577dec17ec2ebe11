import assert from "node:assert/strict";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Reason } from "#platform/values/refusal.ts";
import type {
  Coupon,
  CouponUseSchema,
  IssueCouponRequestSchema,
} from "#proto/shop/coupon/v1/coupon_pb.ts";
import type { OrderCancelledSchema, OrderRefundedSchema } from "#proto/shop/event/v1/event_pb.ts";
import { amountOff, newCoupon, newId } from "../../../testbed/orders/fixtures.ts";
import { startParticipant } from "../participant.ts";

export type CouponUnderTest = Awaited<ReturnType<typeof startCoupon>>;
export type Use = MessageInitShape<typeof CouponUseSchema>;
type IssueFields = Exclude<
  MessageInitShape<typeof IssueCouponRequestSchema>,
  { $typeName: string }
>;

export async function startCoupon() {
  const participant = await startParticipant("coupon");
  return {
    ...participant,
    /** Issues a coupon to user 1 that takes 5.00 off, with these changes. */
    issue: ({ userId = 1n, ...fields }: Partial<IssueFields> = {}): Promise<Coupon> =>
      newCoupon(participant.shop, userId, { discount: amountOff(500n), ...fields }),
    async couponNow(couponId: bigint): Promise<Coupon> {
      const { coupon } = await participant.admin.getCoupon({ couponId });
      assert.ok(coupon);
      return coupon;
    },
    /** The amount or the reason for each use, by default of user 1 on goods of 20.00. */
    async use(...uses: Use[]): Promise<(bigint | Reason)[]> {
      const { results } = await participant.order.useCoupons({
        uses: uses.map((use) => ({ userId: 1n, goodsAmountCents: 2_000n, ...use })),
      });
      assert.deepEqual(
        results.map(({ orderId }) => orderId),
        uses.map(({ orderId }) => orderId),
      );
      return results.map(({ error, amountOffCents }) => error?.reason ?? amountOffCents);
    },
    /** Publishes that an order of user 1 was cancelled and resolves to the event's id. */
    cancelled: (message: MessageInitShape<typeof OrderCancelledSchema>, eventId?: bigint) =>
      participant.publish(
        "order.v1.cancelled",
        { userId: 1n, holders: ["coupon"], ...message },
        eventId,
      ),
    /** Publishes that an order of user 1 was refunded and resolves to the event's id. */
    refunded: (message: MessageInitShape<typeof OrderRefundedSchema>, eventId?: bigint) =>
      participant.publish(
        "order.v1.refunded",
        { userId: 1n, refundId: newId(), ...message },
        eventId,
      ),
    /** Cancels an order and waits until the service has processed the event. */
    async cancel(orderId: bigint): Promise<void> {
      await participant.settled(await this.cancelled({ orderId }));
    },
  };
}

/** The time this many minutes from now. */
export function minutesAway(minutes: number) {
  return timestampFromMs(Date.now() + minutes * 60_000);
}

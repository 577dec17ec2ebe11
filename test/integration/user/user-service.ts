import assert from "node:assert/strict";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  OrderCancelledSchema,
  OrderPaidSchema,
  OrderRefundedSchema,
} from "#proto/shop/event/v1/event_pb.ts";
import { newShopper } from "../../../testbed/orders/fixtures.ts";
import { startParticipant } from "../participant.ts";

export type UserUnderTest = Awaited<ReturnType<typeof startUser>>;
type Deduction = { orderId: bigint; userId: bigint; amountCents: bigint };

export async function startUser(env: Record<string, string> = {}) {
  const participant = await startParticipant("user", env);
  return {
    ...participant,
    /** A user with this balance. */
    async newUser(balanceCents = 0n): Promise<bigint> {
      return (await newShopper(participant.shop, { balanceCents })).userId;
    },
    /** The reason of each refusal; undefined for an order that has its amount. */
    async deduct(...deductions: Deduction[]) {
      const { results } = await participant.order.deductBalance({ deductions });
      return results.map(({ error }) => error?.reason);
    },
    /** Publishes that an order was cancelled and resolves to the event's id. */
    cancelled: (message: MessageInitShape<typeof OrderCancelledSchema>, eventId?: bigint) =>
      participant.publish("order.v1.cancelled", { holders: ["user"], ...message }, eventId),
    /** Publishes that an order was paid and resolves to the event's id. */
    paid: (message: MessageInitShape<typeof OrderPaidSchema>, eventId?: bigint) =>
      participant.publish("order.v1.paid", message, eventId),
    /** Publishes that an order was refunded and resolves to the event's id. */
    refunded: (message: MessageInitShape<typeof OrderRefundedSchema>, eventId?: bigint) =>
      participant.publish("order.v1.refunded", message, eventId),
    /** Cancels an order and waits until the service has processed the event. */
    async cancel(orderId: bigint, userId: bigint): Promise<void> {
      await participant.settled(await this.cancelled({ orderId, userId }));
    },
    async balanceOf(userId: bigint) {
      return (await participant.admin.getUser({ userId })).user?.balanceCents;
    },
    async pointsOf(userId: bigint) {
      return (await participant.admin.getUser({ userId })).user?.points;
    },
    /** Checks what must hold at any time. */
    async audit() {
      const broken = await participant.sql(
        `select user_id from users u where balance_cents < 0
           or balance_cents <> (select coalesce(sum(amount_cents), 0)
             from balance_log b where b.user_id = u.user_id)
           or points <> (select coalesce(sum(points), 0) from point_log p where p.user_id = u.user_id)`,
      );
      assert.deepEqual(broken, [], "balance and points are the sums of their logs");
      const holding = await participant.sql(
        `select h.order_id from balance_holds h left join balance_log l on l.order_id = h.order_id
         group by h.order_id, h.state, h.amount_cents, h.returned_cents
         having coalesce(sum(l.amount_cents), 0)
           <> if(h.state = 1, h.returned_cents - h.amount_cents, 0)`,
      );
      assert.deepEqual(holding, [], "exactly the held orders hold balance");
    },
  };
}

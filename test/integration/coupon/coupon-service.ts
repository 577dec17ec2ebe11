import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { connectBroker } from "#platform/events/broker.ts";
import { createClient } from "#platform/rpc/clients.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { type Reason, Refusal } from "#platform/values/refusal.ts";
import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import type {
  Coupon,
  CouponUseSchema,
  IssueCouponRequestSchema,
} from "#proto/shop/coupon/v1/coupon_pb.ts";
import { OrderCancelledSchema, OrderRefundedSchema } from "#proto/shop/event/v1/event_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { startShop } from "../../../testbed/shop/shop.ts";

const WAIT_MS = 20_000;

type Repetition = { eventId?: bigint; copies?: number };
export type CouponUnderTest = Awaited<ReturnType<typeof startCouponService>>;
type IssueCouponInit = Exclude<
  MessageInitShape<typeof IssueCouponRequestSchema>,
  { $typeName: string }
>;
export type Use = MessageInitShape<typeof CouponUseSchema>;

/** The coupon service as a process of its own, its doors as others see them, and its schema. */
export async function startCouponService() {
  const shop = await startShop({ services: ["coupon"] });
  const log = createLog("test", "silent");
  const broker = connectBroker({
    servers: [process.env.SHOP_NATS_URL ?? ""],
    namespace: shop.namespace,
    replicas: 1,
    name: "test",
    log,
  });
  await until(() => broker.connected());
  await broker.ensureStream("order.v1.cancelled");
  const inbox = createClient(InboxService, {
    address: shop.addresses.coupon,
    tls: undefined,
    serviceToken: () => token("service", "order"),
    timeoutMs: WAIT_MS,
  });
  const admin = shop.admin.coupon;
  const order = shop.service("order").coupon;

  // A client that lost its connection pauses before it connects again.
  const answers = () =>
    admin.listCoupons({ userId: 1n }).then(
      () => true,
      () => false,
    );

  const publish = async <S extends DescMessage>(
    fact: string,
    schema: S,
    event: { message: MessageInitShape<S> } & Repetition,
  ): Promise<bigint> => {
    const { message, eventId = newId(), copies = 1 } = event;
    const body = toBinary(schema, create(schema, message));
    for (let copy = 0; copy < copies; copy += 1) {
      const headers = {
        "Nats-Msg-Id": `${eventId}.${newId()}`,
        "Shop-Event-Id": String(eventId),
        "Shop-Event-Type": schema.typeName,
      };
      await broker.publish({ fact, headers, body });
    }
    return eventId;
  };

  return {
    admin,
    order,
    anyone: shop.anonymous.coupon,
    as: (userId: bigint) => shop.user(userId).coupon,
    sql: (statement: string, parameters: unknown[] = []) =>
      shop.sql("coupon", statement, parameters),

    /** A new coupon of user 1 that takes 5.00 off, with these changes. */
    async issue(changes: Partial<IssueCouponInit> = {}): Promise<Coupon> {
      const { coupon } = await admin.issueCoupon({
        requestId: uniqueName(),
        userId: 1n,
        discount: { kind: { case: "amountOffCents", value: 500n } },
        ...changes,
      });
      assert.ok(coupon);
      return coupon;
    },

    async couponNow(couponId: bigint): Promise<Coupon> {
      const { coupon } = await admin.getCoupon({ couponId });
      assert.ok(coupon);
      return coupon;
    },

    /** What each use is answered: the amount, or the reason of the refusal. */
    async use(...uses: Use[]): Promise<(bigint | Reason)[]> {
      const { results } = await order.useCoupons({
        uses: uses.map((use) => ({ userId: 1n, goodsAmountCents: 2_000n, ...use })),
      });
      assert.deepEqual(
        results.map(({ orderId }) => orderId),
        uses.map(({ orderId }) => orderId),
      );
      return results.map(({ error, amountOffCents }) => error?.reason ?? amountOffCents);
    },

    /** Publishes that an order was cancelled, `copies` times as one event. */
    publishCancelled: (
      message: MessageInitShape<typeof OrderCancelledSchema>,
      options?: Repetition,
    ) =>
      publish("order.v1.cancelled", OrderCancelledSchema, {
        message: { userId: 1n, holders: ["coupon"], ...message },
        ...options,
      }),
    /** Publishes a refund of an order in the same way. */
    publishRefunded: (
      message: MessageInitShape<typeof OrderRefundedSchema>,
      options?: Repetition,
    ) =>
      publish("order.v1.refunded", OrderRefundedSchema, {
        message: { userId: 1n, refundId: newId(), ...message },
        ...options,
      }),

    missing: async (...eventIds: bigint[]) =>
      (await inbox.listMissingEvents({ eventIds })).eventIds,

    /** Tells that an order was cancelled, and waits until that had its effect. */
    async cancel(orderId: bigint): Promise<void> {
      const eventId = await this.publishCancelled({ orderId });
      await until(async () => (await this.missing(eventId)).length === 0);
    },

    /** Runs `work` on a service that kills itself at this failpoint, and starts it again without. */
    async dyingAt(failpoint: string, work: () => Promise<unknown>): Promise<void> {
      await shop.restart("coupon", { SHOP_FAILPOINT: `${failpoint}:1:kill` });
      await until(answers);
      await Promise.all([work().catch(() => {}), shop.ended("coupon")]);
      await shop.restart("coupon");
      await until(answers);
    },

    async stop() {
      inbox.close();
      await broker.close();
      await shop.stop();
    },
  };
}

let lastId = BigInt(Date.now()) << 22n;

/** An identifier that nobody had before in this run. */
export function newId(): bigint {
  lastId += 1n;
  return lastId;
}

export function uniqueName(): string {
  return `name-${newId()}`;
}

/** A time so many minutes from now. */
export function minutesAway(minutes: number) {
  return timestampFromMs(Date.now() + minutes * 60_000);
}

/** The refusal of a call; fails where it is answered. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => assert.fail("was answered, not refused"),
    (refused: unknown) => refused,
  );
  if (!(error instanceof Refusal)) throw error;
  return error;
}

export async function reasonOf(call: Promise<unknown>): Promise<Reason> {
  return (await refusalOf(call)).reason;
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) assert.fail(`not within ${WAIT_MS} ms`);
    await pause(10);
  }
}

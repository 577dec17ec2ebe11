import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Broker, connectBroker } from "#platform/events/broker.ts";
import { createClient } from "#platform/rpc/clients.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { type Reason, Refusal } from "#platform/values/refusal.ts";
import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import {
  OrderCancelledSchema,
  OrderPaidSchema,
  OrderRefundedSchema,
} from "#proto/shop/event/v1/event_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { startReplica } from "../../../testbed/shop/replica.ts";
import { startShop } from "../../../testbed/shop/shop.ts";

const WAIT_MS = 20_000;

export type UserUnderTest = Awaited<ReturnType<typeof startUserService>>;

/** The user service alone, its doors as others see them, and events as the order service would publish them. */
export async function startUserService(env: Record<string, string> = {}) {
  const shop = await startShop({ services: ["user"], env });
  const inbox = createClient(InboxService, {
    address: shop.addresses.user,
    tls: undefined,
    serviceToken: () => token("service", "order"),
    timeoutMs: WAIT_MS,
  });
  const broker = connectBroker({
    servers: [process.env.SHOP_NATS_URL ?? ""],
    namespace: shop.namespace,
    replicas: 1,
    name: "test",
    log: createLog("test", "silent"),
  });
  const missing = async (eventIds: bigint[]) =>
    (await inbox.listMissingEvents({ eventIds })).eventIds;
  const admin = shop.admin.user;
  const order = shop.service("order").user;
  const events = eventsOf(broker, missing);

  return {
    admin,
    order,
    anyone: shop.anonymous.user,
    as: (userId: bigint) => shop.user(userId).user,
    bearer: (text: string) => shop.bearer(text).user,
    events,
    /** Resolves when the service answers again. */
    async restart(settings: Record<string, string>) {
      await shop.restart("user", settings);
      await until(async () => {
        const answers = await Promise.allSettled([admin.getUser({ userId: 1n }), missing([1n])]);
        return answers.every(
          (answer) => answer.status === "fulfilled" || answer.reason instanceof Refusal,
        );
      });
    },
    /** One more process of the service. */
    replica: () => startReplica(shop, "user"),
    ended: () => shop.ended("user"),
    select: (statement: string, parameters?: unknown[]) => shop.sql("user", statement, parameters),
    /** A user with this balance. */
    async newUser(balanceCents = 0n) {
      const { user } = await admin.register({ userName: uniqueName(), password: "password" });
      assert.ok(user);
      const { userId } = user;
      if (balanceCents > 0n) {
        await admin.topUpBalance({ requestId: uniqueName(), userId, amountCents: balanceCents });
      }
      return userId;
    },
    /** The reason of each refusal, undefined where the order has its amount. */
    async deduct(...deductions: { orderId: bigint; userId: bigint; amountCents: bigint }[]) {
      const { results } = await order.deductBalance({ deductions });
      return results.map(({ error }) => error?.reason);
    },
    async cancel(orderId: bigint, userId: bigint) {
      await events.settled(await events.cancelled({ orderId, userId }));
    },
    async balanceOf(userId: bigint) {
      return (await admin.getUser({ userId })).user?.balanceCents;
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

/** The reason with which a call is refused; fails where it is answered. */
export async function reasonOf(call: Promise<unknown>): Promise<Reason> {
  const error = await call.then(
    () => assert.fail("was answered, not refused"),
    (refused: unknown) => refused,
  );
  if (!(error instanceof Refusal)) throw error;
  return error.reason;
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) assert.fail(`not within ${WAIT_MS} ms`);
    await pause(10);
  }
}

function eventsOf(broker: Broker, missing: (eventIds: bigint[]) => Promise<bigint[]>) {
  const stream = until(() => broker.connected()).then(() => broker.ensureStream("order.v1.paid"));
  const publish = async <S extends DescMessage>(
    fact: string,
    schema: S,
    event: { eventId: bigint; message: MessageInitShape<S> },
  ) => {
    await stream;
    const headers = {
      // A new one each time, so that the stream keeps what it would else know for a repetition.
      "Nats-Msg-Id": `${event.eventId}.${newId()}`,
      "Shop-Event-Id": String(event.eventId),
      "Shop-Event-Type": schema.typeName,
    };
    await broker.publish({ fact, headers, body: toBinary(schema, create(schema, event.message)) });
    return event.eventId;
  };
  return {
    cancelled: (message: MessageInitShape<typeof OrderCancelledSchema>, eventId = newId()) =>
      publish("order.v1.cancelled", OrderCancelledSchema, {
        eventId,
        message: { holders: ["user"], ...message },
      }),
    paid: (message: MessageInitShape<typeof OrderPaidSchema>, eventId = newId()) =>
      publish("order.v1.paid", OrderPaidSchema, { eventId, message }),
    refunded: (message: MessageInitShape<typeof OrderRefundedSchema>, eventId = newId()) =>
      publish("order.v1.refunded", OrderRefundedSchema, { eventId, message }),
    /** Resolves when the service has these events. */
    async settled(...eventIds: bigint[]) {
      for (let start = 0; start < eventIds.length; start += 1_000) {
        const some = eventIds.slice(start, start + 1_000);
        await until(async () => (await missing(some)).length === 0);
      }
    },
  };
}

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import mysql from "mysql2/promise";
import { connectBroker } from "#platform/events/broker.ts";
import { createClient } from "#platform/rpc/clients.ts";
import { type Role, signToken } from "#platform/rpc/tokens.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { Reason, Refusal, reasonName } from "#platform/values/refusal.ts";
import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import { OrderCancelledSchema, OrderRefundedSchema } from "#proto/shop/event/v1/event_pb.ts";
import {
  type CreateGoodsRequestSchema,
  GoodsService,
  type StockLineSchema,
} from "#proto/shop/goods/v1/goods_pb.ts";
import { goodsConfig } from "../../../services/goods/config.ts";
import { start } from "../../../services/goods/main.ts";
import { deleteStreams } from "../../../testbed/shop/streams.ts";

const WAIT_MS = 15_000;

export type GoodsUnderTest = Awaited<ReturnType<typeof startGoods>>;
export type Line = MessageInitShape<typeof StockLineSchema>;

/**
 * One or more replicas of the goods service in this process, their doors as others see them, and their schema, this
 * suite's own, to check what they wrote.
 */
export async function startGoods(replicas = 1) {
  const namespace = `goodstest${randomInt(1e9)}`;
  const env = {
    ...process.env,
    SHOP_NAMESPACE: namespace,
    SHOP_GOODS_LISTEN: "127.0.0.1:0",
    SHOP_LOG_LEVEL: "silent",
  };
  const config = goodsConfig(env);
  const services = await Promise.all(Array.from({ length: replicas }, () => start(env)));
  const [first] = services;
  assert.ok(first);
  const tls = undefined;
  const sign = (role: Role, subject: string) => () =>
    signToken(config.tokens, { role, subject, ttlSeconds: 600 });
  const connect = (address: string, serviceToken?: () => Promise<string>) =>
    createClient(GoodsService, {
      address,
      tls,
      timeoutMs: WAIT_MS,
      ...(serviceToken && { serviceToken }),
    });
  const admin = connect(first.address, sign("admin", "test"));
  const anyone = connect(first.address);
  const orders = services.map(({ address }) => connect(address, sign("service", "order")));
  const inbox = createClient(InboxService, {
    address: first.address,
    tls,
    serviceToken: sign("service", "order"),
    timeoutMs: WAIT_MS,
  });
  const log = createLog("test", "silent");
  const broker = connectBroker({ ...config.nats, namespace, name: "test", log });
  const database = await mysql.createConnection({
    uri: config.mysql.url,
    database: config.mysql.schema,
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  const select = async (sql: string, parameters: string[] = []) => {
    const [rows] = await database.query(sql, parameters);
    return rows as Record<string, string | null>[];
  };

  const stream = until(() => broker.connected()).then(() =>
    until(() =>
      broker.ensureStream("order.v1.cancelled").then(
        () => true,
        () => false,
      ),
    ),
  );
  const publish = async <S extends DescMessage>(
    fact: string,
    schema: S,
    { eventId, message }: { eventId: bigint; message: MessageInitShape<S> },
  ) => {
    await stream;
    const headers = {
      // Like an event that is published again: the broker does not know it.
      "Nats-Msg-Id": `${eventId}.${newId()}`,
      "Shop-Event-Id": String(eventId),
      "Shop-Event-Type": schema.typeName,
    };
    await broker.publish({ fact, headers, body: toBinary(schema, create(schema, message)) });
    return eventId;
  };

  return {
    admin,
    anyone,
    select,
    /** Calls as the order service, at the given replica. */
    reserve: async (
      reservations: { orderId: bigint; lines: Line[] }[],
      replica = 0,
    ): Promise<(Refusal | undefined)[]> => {
      const { results } = await at(orders, replica).reserveStock({ reservations });
      assert.deepEqual(
        results.map(({ orderId }) => orderId),
        reservations.map(({ orderId }) => orderId),
      );
      return results.map(({ error }) => {
        const violations = error?.fieldViolations ?? [];
        return error && new Refusal(error.reason, error.metadata, violations);
      });
    },
    /** Publishes that an order was cancelled, and answers the event's id. */
    cancelled(orderId: bigint, event: { eventId?: bigint; holders?: string[] } = {}) {
      const { eventId = newId(), holders = ["goods"] } = event;
      const message = { orderId, holders };
      return publish("order.v1.cancelled", OrderCancelledSchema, { eventId, message });
    },
    /** Publishes that a part of an order was refunded, and answers the event's id. */
    refunded(
      { lines, ...message }: { orderId: bigint; refundId: bigint; lines: [bigint, bigint][] },
      eventId = newId(),
    ) {
      return publish("order.v1.refunded", OrderRefundedSchema, {
        eventId,
        message: { ...message, lines: lines.map(([goodsId, quantity]) => ({ goodsId, quantity })) },
      });
    },
    /** Resolves when the service has had these events. */
    async settled(eventIds: bigint[]) {
      for (let start = 0; start < eventIds.length; start += 1_000) {
        const some = eventIds.slice(start, start + 1_000);
        await until(async () => {
          return (await inbox.listMissingEvents({ eventIds: some })).eventIds.length === 0;
        });
      }
    },
    async newGoods(fields: MessageInitShape<typeof CreateGoodsRequestSchema> = {}) {
      const { goods } = await admin.createGoods({
        requestId: newKey(),
        name: "Hammer",
        unitPriceCents: 500n,
        stock: 100n,
        ...fields,
      });
      assert.ok(goods);
      return goods;
    },
    async stockOf(goodsId: bigint) {
      const { goods } = await anyone.getGoods({ goodsId });
      return goods?.stock;
    },
    /** What must always be true of the schema. */
    async audit() {
      const wrong = await select(
        `select g.goods_id from goods g left join stock_log l on l.goods_id = g.goods_id
         group by g.goods_id, g.stock having g.stock < 0 or coalesce(sum(l.delta), -1) <> g.stock`,
      );
      assert.deepEqual(wrong, [], "the stock is the sum of its log");
      const holding = await select(
        `select l.order_id from stock_log l left join reservations r on r.order_id = l.order_id
         where l.order_id is not null group by l.order_id, l.goods_id, r.state
         having r.state is null or sum(l.delta) > 0 or (r.state = 1) <> (sum(l.delta) < 0)`,
      );
      assert.deepEqual(holding, [], "orders hold stock exactly where they are held");
    },
    async stop() {
      for (const client of [admin, anyone, inbox, ...orders]) client.close();
      await Promise.all(services.map((service) => service.stop()));
      await broker.close();
      await database.query(`drop database ${config.mysql.schema}`);
      await database.end();
      await deleteStreams(namespace);
    },
  };
}

let lastId = BigInt(Date.now()) << 20n;

/** An identifier that nobody had before in this run. */
export function newId(): bigint {
  lastId += 1n;
  return lastId;
}

export function newKey(): string {
  return `key-${newId()}`;
}

export function at<T>(list: readonly T[], index: number): T {
  const entry = list[index];
  assert.ok(entry !== undefined, `there is no entry ${index}`);
  return entry;
}

/** The refusal that a call is answered with; fails where it has another reason, or none. */
export async function refused(call: Promise<unknown>, reason: Reason): Promise<Refusal> {
  const error = await call.then(
    () => assert.fail("was answered, not refused"),
    (cause: unknown) => cause,
  );
  if (!(error instanceof Refusal)) throw error;
  assert.equal(reasonName(error.reason), reasonName(reason));
  return error;
}

/** The names of the reasons; "ok" where there is none. */
export function outcomes(answers: (Refusal | undefined)[]): string[] {
  return answers.map((refusal) => (refusal ? reasonName(refusal.reason) : "ok"));
}

export const invalid = (call: Promise<unknown>) => refused(call, Reason.INVALID_ARGUMENT);

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) assert.fail(`not within ${WAIT_MS} ms`);
    await pause(5);
  }
}

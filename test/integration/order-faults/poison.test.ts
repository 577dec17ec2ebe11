import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { OrderCancelledSchema, OrderPaidSchema } from "#proto/shop/event/v1/event_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { newId } from "../../../testbed/orders/fixtures.ts";
import { newShopper, ORDER_CENTS, possessed } from "../../../testbed/orders/shoppers.ts";
import { runParked } from "../../../testbed/programs/parked-program.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { connectToBroker, deleteStreams } from "../../../testbed/shop/streams.ts";

const CONSUMERS = { goods: "goods", coupon: "coupon", user: "user" } as const;
type Consumer = keyof typeof CONSUMERS;
const consumers = Object.keys(CONSUMERS) as Consumer[];

/** A row of parked_messages: BIGINT comes as bigint, the payload as Buffer. */
type Parked = {
  key: string;
  eventId: bigint | null;
  subject: string;
  headers: string;
  payload: Buffer;
  state: number;
  attempts: number;
  error: string;
};

const cancelledType = OrderCancelledSchema.typeName;
const eventOf = (orderId: bigint) => {
  const holders = ["goods", "coupon", "user"];
  return toBinary(OrderCancelledSchema, create(OrderCancelledSchema, { orderId, holders }));
};

type Poison = {
  title: string;
  headers: (eventId: string) => Record<string, string>;
  body: () => Uint8Array;
  error: RegExp;
  /** Without an event id, the key is the place in the stream and the time. */
  withoutId?: boolean;
};

const poisons: Poison[] = [
  {
    title: "bytes that are not a message",
    headers: (id) => ({ "Shop-Event-Id": id, "Shop-Event-Type": cancelledType }),
    body: () => Buffer.from("08ffffffffffffffffffffffff", "hex"),
    error: /Error/,
  },
  {
    title: "an unknown type",
    headers: (id) => ({ "Shop-Event-Id": id, "Shop-Event-Type": "shop.event.v9.OrderVanished" }),
    body: () => eventOf(newId()),
    error: /shop\.event\.v9\.OrderVanished/,
  },
  {
    title: "the type of another subject",
    headers: (id) => ({ "Shop-Event-Id": id, "Shop-Event-Type": OrderPaidSchema.typeName }),
    body: () => eventOf(newId()),
    error: /shop\.event\.v1\.OrderPaid/,
  },
  {
    title: "no type",
    headers: (id) => ({ "Shop-Event-Id": id }),
    body: () => eventOf(newId()),
    error: /the message is of type ""/,
  },
  {
    title: "no event id",
    headers: () => ({ "Shop-Event-Type": cancelledType }),
    body: () => eventOf(newId()),
    error: /no event id/,
    withoutId: true,
  },
  {
    title: "an event id beyond 63 bits",
    headers: () => ({ "Shop-Event-Type": cancelledType, "Shop-Event-Id": String(2n ** 63n) }),
    body: () => eventOf(newId()),
    error: /no event id/,
    withoutId: true,
  },
  {
    title: "1 MB of random bytes",
    headers: (id) => ({ "Shop-Event-Id": id, "Shop-Event-Type": cancelledType }),
    body: () => randomBytes(1_040_000),
    error: /Error/,
  },
  {
    title: "headers as large as the broker accepts",
    headers: (id) => ({ "Shop-Event-Id": id, "Shop-Noise": '"'.repeat(65_000) }),
    body: () => eventOf(newId()),
    error: /the message is of type ""/,
  },
];

describe("a message that cannot be read", function () {
  this.timeout(60_000);
  let shop: Shop;
  let broker: NatsConnection;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order"] });
    broker = await connectToBroker();
    // The stream and its consumers exist once an event has been handled.
    await cancelOne();
  });
  after(async () => {
    await broker?.close();
    await shop?.stop();
  });

  async function cancelOne(): Promise<void> {
    const shopper = await newShopper(shop);
    const request = shopper.request({ balanceCents: ORDER_CENTS });
    await assert.rejects(shopper.as.order.placeOrder(request), /OVERPAID/);
    await eventually(async () => {
      assert.deepEqual(await shopper.possessions(), possessed({ taken: false }));
    });
  }

  async function publish(fields: Record<string, string>, body: Uint8Array): Promise<void> {
    const head = headers();
    for (const [name, value] of Object.entries(fields)) head.set(name, value);
    await jetstream(broker).publish(`${shop.namespace}.order.v1.cancelled`, body, {
      headers: head,
    });
  }

  const parkedIn = (service: Consumer, where = "true") =>
    shop.sql<Parked>(
      service,
      `select message_key as \`key\`, event_id as eventId, subject, headers, payload, state, attempts, error
       from parked_messages where ${where}`,
    );

  for (const poison of poisons) {
    it(`with ${poison.title} is parked with its error, and others are handled`, async () => {
      const eventId = String(newId());
      const marker = randomUUID();
      const fields: Record<string, string> = { ...poison.headers(eventId), "X-Marker": marker };
      const body = poison.body();
      await publish(fields, body);
      await cancelOne();
      for (const service of consumers) {
        const [row, ...others] = await eventually(async () => {
          const rows = await parkedIn(service, `headers like '%${marker}%'`);
          assert.notEqual(rows.length, 0);
          return rows;
        });
        assert.ok(row && others.length === 0);
        assert.equal(row.state, 2);
        assert.equal(row.attempts, 1);
        assert.match(row.error, poison.error);
        assert.equal(row.subject, `${shop.namespace}.order.v1.cancelled`);
        assert.deepEqual(JSON.parse(row.headers), fields);
        assert.ok(row.payload.equals(body));
        if (poison.withoutId) {
          assert.equal(row.eventId, null);
          assert.match(row.key, /^[A-Z0-9]+_ORDER:\d+:\d+$/);
        } else {
          assert.equal(row.key, eventId);
          assert.equal(String(row.eventId), eventId);
        }
      }
    });
  }

  it("stays parked under the same key when it is retried", async () => {
    const before = await Promise.all(consumers.map((service) => parkedIn(service)));
    assert.ok(before.every((rows) => rows.length === poisons.length));
    const ran = await runParked(shop.namespace, ["--retry", "all"]);
    assert.equal(ran.code, 0, ran.stderr);
    await eventually(async () => {
      for (const [index, service] of consumers.entries()) {
        const rows = await parkedIn(service);
        const keys = (of: Parked[] | undefined) => of?.map(({ key }) => key).sort();
        assert.deepEqual(keys(rows), keys(before[index]));
        assert.ok(rows.every(({ state }) => state === 2));
      }
    });
    await cancelOne();
    await booksBalance(shop, { expected: /^nothing-is-parked: / });
  });

  it("is parked beside an earlier one with the same place in a stream that was lost", async () => {
    const bodies = [randomBytes(20), randomBytes(20)];
    for (const body of bodies) {
      await deleteStreams(shop.namespace);
      // The first message of a new stream. Its message id makes retries one publication.
      const fields = { "Nats-Msg-Id": randomUUID(), "X-Marker": "same place" };
      await eventually(() => publish(fields, body));
      for (const service of consumers) {
        await eventually(async () => {
          const rows = await parkedIn(service, "headers like '%same place%'");
          assert.ok(rows.some(({ payload }) => payload.equals(body)));
        });
      }
    }
    for (const service of consumers) {
      const rows = await parkedIn(service, "headers like '%same place%'");
      assert.equal(rows.length, bodies.length);
    }
  });

  // A broker that lost its latest messages assigns their sequence numbers anew, and redelivers to a
  // consumer the new message under a number that the consumer had not acknowledged.
  it("of another subject is left to that subject's consumer", async () => {
    const manager = await jetstreamManager(broker);
    const stream = `${shop.namespace}_ORDER`.toUpperCase();
    const durable = "goods_order_v1_refunded";
    const parked = (await parkedIn("goods")).length;
    await manager.consumers.delete(stream, durable);
    await manager.consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      filter_subject: `${shop.namespace}.order.v1.cancelled`,
    });
    await cancelOne();
    await eventually(async () => {
      const { num_pending, num_ack_pending } = await manager.consumers.info(stream, durable);
      assert.equal(num_pending + num_ack_pending, 0);
    });
    assert.equal((await parkedIn("goods")).length, parked);
    await booksBalance(shop, { expected: /^nothing-is-parked: / });
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { openDatabase } from "#platform/db/database.ts";
import { type Broker, connectBroker } from "#platform/events/broker.ts";
import { Outage } from "#platform/values/refusal.ts";
import { OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { startOwnBroker } from "../../../testbed/engines/own-broker.ts";
import { brokerProgram, startOwnEngine } from "../../../testbed/engines/own-engine.ts";
import { freePorts } from "../../../testbed/engines/ports.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newShopper } from "../../../testbed/orders/shoppers.ts";
import { silent } from "../../../testbed/shop/database.ts";
import { startShop } from "../../../testbed/shop/shop.ts";

const FACT = "order.v1.cancelled";

describe("the reason why a broker cannot do its part", function () {
  this.timeout(60_000);
  const ended: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end();
  });

  function brokerAt(url: string): Broker {
    const broker = connectBroker({
      servers: [url],
      namespace: "able",
      replicas: 1,
      name: "test",
      log: silent,
    });
    ended.push(broker.close);
    return broker;
  }
  const publish = (broker: Broker, bytes: number) =>
    broker.publish({ fact: FACT, headers: {}, body: new Uint8Array(bytes) });

  async function startWithoutJetStream() {
    const { path } = await brokerProgram(() => {});
    const [port = 0] = await freePorts(1);
    const server = spawn(path, ["--addr", "127.0.0.1", "--port", String(port)]);
    ended.push(() => server.kill("SIGKILL"));
    return { server, url: `nats://127.0.0.1:${port}` };
  }

  it("is named for a server without JetStream, and for one that is away", async () => {
    const { server, url } = await startWithoutJetStream();
    const gone = once(server, "exit");
    const broker = brokerAt(url);
    await eventually(async () =>
      assert.match((await broker.check())?.reason ?? "", /has no JetStream/),
    );
    server.kill("SIGKILL");
    await gone;
    await eventually(async () =>
      assert.match((await broker.check())?.reason ?? "", /not connected.*SHOP_NATS_URL/),
    );
  });

  it("does not close the shop: orders are taken and /readyz names the broker", async () => {
    const { url } = await startWithoutJetStream();
    const env = { SHOP_NATS_URL: url };
    const shop = await startShop({ gateway: true, env });
    ended.push(shop.stop);
    const shopper = await newShopper(shop);
    const { order } = await shopper.as.order.placeOrder(shopper.request());
    assert.equal(order?.orderStatus, OrderStatus.CONFIRMED);
    await eventually(async () => {
      const response = await fetch(`${shop.gatewayUrl}/readyz`);
      const { services } = (await response.json()) as { services: Record<string, unknown> };
      assert.deepEqual(
        [response.status, services.order],
        [200, { state: "SERVING", broker: "NOT_SERVING", causes: { broker: "no_jetstream" } }],
      );
      assert.match(shop.output("order"), /has no JetStream; start nats-server with --jetstream/);
    });
  });

  it("is named while a stream is full, and is gone once it has room", async () => {
    const own = await startOwnBroker();
    ended.push(own.remove);
    const broker = brokerAt(own.url);
    await eventually(async () => assert.equal(await broker.check(), undefined));
    await assert.rejects(publish(broker, 10), Outage);
    assert.equal(await broker.check(), undefined, "a missing stream is created when it is needed");
    await broker.ensureStream(FACT);
    const { host, username, password } = new URL(own.url);
    const operator = await connect({ servers: host, user: username, pass: password });
    ended.push(() => operator.close());
    const { streams } = await jetstreamManager(operator);
    await streams.update("ABLE_ORDER", { max_bytes: 1_000 });
    await publish(broker, 500);
    await assert.rejects(publish(broker, 800), Outage);
    assert.match((await broker.check())?.reason ?? "", /no room for events.*maximum bytes/);
    await streams.update("ABLE_ORDER", { max_bytes: 100_000 });
    await publish(broker, 800);
    assert.equal(await broker.check(), undefined);
  });
});

describe("the reason why a database cannot be written", function () {
  this.timeout(60_000);

  it("is named while it is read-only, without grants, or away", async () => {
    const [port = 0] = await freePorts(1);
    const log = () => {};
    const dataDirectory = temporaryDirectory();
    const own = await startOwnEngine("mysql", { dataDirectory, port, log });
    const root = await createConnection({ uri: own.url });
    const schema = `able_${randomUUID().slice(0, 8)}`;
    const address = new URL(own.url);
    address.username = "able";
    address.password = "able-1";
    await root.query("create user able identified by 'able-1'");
    await root.query(`grant all privileges on ${schema}.* to able`);
    const database = await openDatabase({
      settings: { url: address.href, schema, pool: 2 },
      entities: [],
      migrations: [],
      name: "able",
      log: silent,
    });
    try {
      assert.equal(await database.check(), undefined);
      await root.query("set global read_only = 1");
      const readOnly = await database.check();
      assert.equal(readOnly?.cause, "read_only");
      assert.match(readOnly.reason, /is read-only; make it writable/);
      await root.query("set global read_only = 0");
      assert.equal(await database.check(), undefined);
      await root.query(`revoke update on ${schema}.* from able`);
      // A session keeps the grants that it began with.
      const [sessions] = await root.query<RowDataPacket[]>(
        "select id from information_schema.processlist where user = 'able'",
      );
      for (const { id } of sessions) await root.query(`kill ${id}`);
      await eventually(async () =>
        assert.match(
          (await database.check())?.reason ?? "",
          /refuses its user .*grant select, insert/,
        ),
      );
      await root.query(`grant update on ${schema}.* to able`);
      await eventually(async () => assert.equal(await database.check(), undefined));
      root.destroy();
      await own.server.kill();
      assert.match((await database.check())?.reason ?? "", /cannot be written/);
      assert.equal((await database.check())?.cause, "not_reachable");
    } finally {
      await database.close();
      await own.server.kill();
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  });
});

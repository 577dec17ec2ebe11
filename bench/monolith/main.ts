// The monolith: what a good engineer would write in place of five services, as a baseline for the
// shop. One process, one schema and one transaction per order; contract, server and rules are the
// shop's own.

import { setTimeout as pause } from "node:timers/promises";
import { connectBroker } from "#platform/events/broker.ts";
import { implement, startRpcServer } from "#platform/rpc/server.ts";
import { type Running, runService } from "#platform/service/run.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { snowflake } from "#platform/values/snowflake.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { orderConfig } from "../../services/order/config.ts";
import { openConnections } from "./connections.ts";
import { placeOrder } from "./place-order.ts";
import { startRelay } from "./relay.ts";

const BROKER_PAUSE_MS = 100;

async function start(env = process.env): Promise<Running> {
  const config = orderConfig(env);
  const { mysql, namespace, shipping, payDeadlineSeconds } = config;
  const log = createLog("monolith", config.logLevel);
  const connections = openConnections({
    url: mysql.url,
    schema: mysql.schema,
    connections: mysql.pool,
  });
  const broker = connectBroker({ ...config.nats, namespace, name: "monolith", log });
  while (!broker.connected()) await pause(BROKER_PAUSE_MS);
  await broker.ensureStream("order.v1.confirmed");
  const relay = startRelay({ connections, broker, log });
  // The only process: its worker number needs no lease.
  const identifiers = snowflake({
    workerId: 0,
    startMs: 0,
    nowMs: () => performance.timeOrigin + performance.now(),
  });
  const forEver = Number.MAX_SAFE_INTEGER;
  identifiers.extend({ ceilingMs: forEver, validUntilMs: forEver });
  const nextId = identifiers.next;
  const parts = { connections, relay, nextId, shipping, payDeadlineSeconds };
  const orders = implement(OrderService, {
    async placeOrder(request, call) {
      const { consignee = "", mobile = "", text = "" } = request.address ?? {};
      const command = { ...request, address: { consignee, mobile, text } };
      const { actor, traceparent, deadlineMs } = call;
      const order = await placeOrder(parts, command, { actor, traceparent, deadlineMs });
      call.log.info({ orderId: String(order.orderId), userId: String(order.userId) }, "confirmed");
      return { order };
    },
  });
  const { listen, tls, tokens } = config;
  const server = await startRpcServer({ listen, tls, tokens, implementations: [orders], log });
  server.setServing(true);
  return {
    address: server.address,
    async stop() {
      await server.stop();
      await relay.stop();
      await broker.close();
      await connections.close();
    },
  };
}

if (import.meta.main) runService(start);

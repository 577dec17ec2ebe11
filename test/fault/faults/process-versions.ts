import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  PlaceOrderRequestSchema,
  PlaceOrderResponseSchema,
} from "#proto/shop/order/v1/order_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { rawClient } from "../../../testbed/calls/raw-call.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { onPublish } from "../../../testbed/proxy/filters.ts";
import { unknownFields, withUnknownFields } from "../../../testbed/proxy/next-version.ts";
import { asOperator } from "../../../testbed/system/operator.ts";
import type { Fault, FaultContext, Heal, ScriptContext } from "../fault.ts";
import { idOf, operationsOf } from "../load/history.ts";
import { placeRequestOf } from "../load/shopper.ts";
import { brokerEdges } from "./steps.ts";

const ORDERS_MEANWHILE = 60;
const REPEATED = 20;
const PLACE_ORDER = "/shop.order.v1.OrderService/PlaceOrder";

/** Adds fields of the next version to every event that is published, until healed. */
async function publishNewer({ system, log }: FaultContext): Promise<Heal> {
  const edges = brokerEdges(system);
  let events = 0;
  for (const edge of edges) {
    const rule = withUnknownFields(() => {
      events += 1;
    });
    edge.filter(onPublish(new RegExp(`^${system.namespace}\\.`), rule));
    // A parser must start with a connection.
    edge.resetConnections();
  }
  log("adds unknown fields to events");
  return async () => {
    for (const edge of edges) edge.filter(undefined);
    log(`${events} events had unknown fields`);
  };
}

/** Publishes facts that only the next version knows, in streams of this version. */
async function publishUnknownFacts({ system, injected }: ScriptContext): Promise<void> {
  const facts = ["order.v1.gift_wrapped", "order.v2.confirmed", "pay.v1.disputed"];
  await asOperator(system, async ({ publish }) => {
    for (const fact of facts) {
      const headers = { "Shop-Event-Type": `shop.${fact}`, "Nats-Msg-Id": newKey() };
      await publish({ subject: `${system.namespace}.${fact}`, headers, payload: unknownFields() });
      injected();
    }
  });
}

/**
 * Repeats placed orders as a caller of the next version: with unknown fields it is still the same
 * request.
 */
async function repeatAsNewer({ system, market, injected, log }: ScriptContext): Promise<void> {
  const placed = operationsOf(market.history, "place").filter(
    (operation) => idOf(operation) !== undefined,
  );
  const { address } = system.edges.edge("load", "order1");
  const client = rawClient(address);
  try {
    for (const operation of placed.slice(-REPEATED)) {
      const request = create(PlaceOrderRequestSchema, placeRequestOf(operation));
      const bytes = Buffer.concat([
        toBinary(PlaceOrderRequestSchema, request),
        Buffer.from(unknownFields()),
      ]);
      const options = { token: await token("user", String(operation.userId)) };
      const { code, details, bytes: answer } = await client.unary(PLACE_ORDER, bytes, options);
      const answered = answer && fromBinary(PlaceOrderResponseSchema, answer).order?.orderId;
      injected();
      if (answered === idOf(operation)) continue;
      const said = code === 0 ? `order ${answered}` : `${code} ${details}`;
      market.history.contradictions.push(
        `${operation.request.requestId} with unknown fields was answered ${said}, not ${idOf(operation)}`,
      );
    }
  } finally {
    client.close();
  }
  log(`${Math.min(placed.length, REPEATED)} requests had unknown fields`);
}

export const twoVersions: Fault = {
  name: "two-versions",
  catalogue: ["F11"],
  what: "a newer version runs beside this one: events and requests with unknown fields, and unknown facts",
  async run(context) {
    const heal = await publishNewer(context);
    await context.load?.acknowledged(ORDERS_MEANWHILE);
    await publishUnknownFacts(context);
    await repeatAsNewer(context);
    await heal();
  },
  holdMs: [3_000, 10_000],
  inject: publishNewer,
};

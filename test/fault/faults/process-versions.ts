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

/** Every event that is published is one of the next version. */
async function publishNewer({ system, log }: FaultContext): Promise<Heal> {
  const edges = brokerEdges(system);
  let events = 0;
  for (const edge of edges) {
    const rule = withUnknownFields(() => {
      events += 1;
    });
    edge.filter(onPublish(new RegExp(`^${system.namespace}\\.`), rule));
    // A parser begins with a connection.
    edge.resetConnections();
  }
  log("events have fields that nobody knows");
  return async () => {
    for (const edge of edges) edge.filter(undefined);
    log(`${events} events had fields that nobody knows`);
  };
}

/** Facts that only the next version tells, in streams that this one has. */
async function publishUnheardOf({ system, injected }: ScriptContext): Promise<void> {
  const facts = ["order.v1.gift_wrapped", "order.v2.confirmed", "pay.v1.disputed"];
  await asOperator(system, async ({ publish }) => {
    for (const fact of facts) {
      const headers = { "Shop-Event-Type": `shop.${fact}`, "Nats-Msg-Id": newKey() };
      await publish({ subject: `${system.namespace}.${fact}`, headers, payload: unknownFields() });
      injected();
    }
  });
}

/** A caller of the next version asks again what one of this version was told: it is the same request. */
async function askAsNewer({ system, market, injected, log }: ScriptContext): Promise<void> {
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
      const told = answer && fromBinary(PlaceOrderResponseSchema, answer).order?.orderId;
      injected();
      if (told === idOf(operation)) continue;
      const said = code === 0 ? `order ${told}` : `${code} ${details}`;
      market.history.contradictions.push(
        `${operation.request.requestId} with unknown fields was answered ${said}, not ${idOf(operation)}`,
      );
    }
  } finally {
    client.close();
  }
  log(`${Math.min(placed.length, REPEATED)} requests had fields that nobody knows`);
}

export const twoVersions: Fault = {
  name: "two-versions",
  catalogue: ["F11"],
  what: "beside a next version: events and requests with unknown fields, and facts that nobody here knows",
  async run(course) {
    const heal = await publishNewer(course);
    await course.load?.acknowledged(ORDERS_MEANWHILE);
    await publishUnheardOf(course);
    await askAsNewer(course);
    await heal();
  },
  holdMs: [3_000, 10_000],
  inject: publishNewer,
};

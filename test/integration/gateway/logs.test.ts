import assert from "node:assert/strict";
import { token } from "../../../testbed/calls/callers.ts";
import { methodNamed } from "../../../testbed/calls/contract.ts";
import { type GatewayClient, gatewayClient } from "../../../testbed/calls/gateway-call.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newGoods, newKey, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Program, Shop } from "../../../testbed/shop/shop.ts";

describe("the id of a request", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  before(async () => {
    shop = await sharedShop();
    gateway = gatewayClient(shop.gatewayUrl);
  });
  after(() => gateway?.close());

  /** The fields of the program's line about the request. */
  const lineOf = (program: Program, requestId: string) =>
    eventually(() => {
      const lines = shop.output(program).split("\n");
      const line = lines.find((text) => text.includes(`"requestId":"${requestId}"`));
      return JSON.parse(line ?? assert.fail(`${program} has no line about ${requestId}`));
    });

  it("is in the gateway's line about a refused call, with method, code, reason and user", async () => {
    const { userId } = await newShopper(shop);
    const requestId = newKey();
    const answer = await gateway.call({
      method: methodNamed("order GetOrder"),
      protocol: "grpc",
      request: { orderId: 1n },
      token: await token("user", String(userId)),
      headers: { "x-request-id": requestId },
    });
    assert.equal(answer.code, "NOT_FOUND");
    const { durationMs, method, code, reason, actor, msg } = await lineOf("gateway", requestId);
    assert.ok(durationMs >= 0);
    assert.deepEqual(
      { method, code, reason, actor, msg },
      {
        method: "shop.order.v1.OrderService/GetOrder",
        code: "NotFound",
        reason: "REASON_ORDER_NOT_FOUND",
        actor: `user:${userId}`,
        msg: "call refused",
      },
    );
  });

  it("is in the lines of the service that the call reaches", async () => {
    const goods = await newGoods(shop);
    const { userId, calls } = await newShopper(shop);
    const request = placeRequest({ userId, lines: [[goods, 1n]] });
    const { order } = await calls.order.placeOrder(request);
    const requestId = newKey();
    const start = { orderId: order?.orderId ?? 0n, provider: "sandbox" };
    const answer = await gateway.call({
      method: methodNamed("pay CreatePayment"),
      protocol: "json",
      request: { ...start, returnUrl: "http://localhost:3000/thanks" },
      token: await token("user", String(userId)),
      headers: { "x-request-id": requestId },
    });
    assert.equal(answer.code, "OK", answer.message);
    assert.equal((await lineOf("pay", requestId)).msg, "payment started");
  });
});

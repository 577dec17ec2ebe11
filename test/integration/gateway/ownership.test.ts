import assert from "node:assert/strict";
import { fromBinary, toJsonString } from "@bufbuild/protobuf";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import {
  type FieldPath,
  METHODS,
  type Method,
  methodNamed,
  withField,
} from "../../../testbed/calls/contract.ts";
import {
  type Answer,
  type GatewayClient,
  gatewayClient,
  PROTOCOLS,
  type Protocol,
} from "../../../testbed/calls/gateway-call.ts";
import { LISTS, OF_USERS, ownedFields } from "../../../testbed/calls/owned.ts";
import { newWorld, validOf, type World } from "../../../testbed/calls/valid-requests.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { newCoupon, newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { quiet, snapshot } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const PUBLIC = METHODS.filter(({ access }) => access !== Access.SERVICE);

/** Identifiers of records that belong to one user. */
type Belongings = Record<"order" | "paid order" | "payment" | "coupon" | "refund" | "user", bigint>;

/** One record of each kind that a user can own. */
async function belongingsOf(shop: Shop, world: World): Promise<Belongings> {
  const { userId, orderId, couponId } = world;
  await newCoupon(shop, userId);
  const refunding = await validOf({ name: "order RefundOrder" }).request(world);
  const { order } = await shop.admin.order.refundOrder(refunding);
  const [refund] = await shop.sql<{ refund_id: bigint }>(
    "order",
    "select refund_id from refunds where order_id = ?",
    [order?.orderId],
  );
  const { paymentId } = await world.payment();
  return {
    order: orderId,
    "paid order": order?.orderId ?? assert.fail(),
    payment: paymentId,
    coupon: couponId,
    refund: refund?.refund_id ?? assert.fail("no refund"),
    user: userId,
  };
}

describe("the records of another user, at the gateway", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let own: World;
  let other: World;
  let theirs: Belongings;
  let ownToken: string;
  let otherToken: string;
  before(async () => {
    shop = await sharedShop();
    gateway = gatewayClient(shop.gatewayUrl);
    [own, other] = [await newWorld(shop), await newWorld(shop)];
    theirs = await belongingsOf(shop, other);
    [ownToken = "", otherToken = ""] = await Promise.all(
      [own, other].map(({ userId }) => token("user", String(userId))),
    );
  });
  after(() => gateway?.close());

  const validOwn = async (method: Method) => validOf(method).request(own);
  const asOwn = (method: Method, request: object, protocol: Protocol = "json") =>
    gateway.call({ method, protocol, request, token: ownToken });

  /** All that the caller can read of an answer, with a placeholder for the id that it sent. */
  const readable = ({ code, http, message, refusal, messages }: Answer, id: bigint) => {
    const facts = Object.entries(refusal?.metadata ?? {});
    const known = facts.map(([name, value]) => [name, value === String(id) ? "the id" : value]);
    return { code, http, message, reason: refusal?.reason, known, messages: messages.map(String) };
  };

  it("are NOT_FOUND by any id in any field of any rpc, as if they did not exist", async () => {
    const attempts: { method: Method; at: FieldPath; valid: Record<string, unknown> }[] = [];
    for (const method of PUBLIC) {
      for (const at of ownedFields(method)) {
        attempts.push({ method, at, valid: await validOwn(method) });
      }
    }
    assert.ok(attempts.length >= 20, `only ${attempts.length} fields`);
    await quiet(shop);
    const before = await snapshot(shop);
    for (const [number, { method, at, valid }] of attempts.entries()) {
      const protocol = PROTOCOLS[number % PROTOCOLS.length] as Protocol;
      const callWith = (id: bigint) => {
        const fresh = "requestId" in valid ? { ...valid, requestId: newKey() } : valid;
        return asOwn(method, withField(fresh, at, id), protocol);
      };
      const missing = newId();
      const ofMissing = readable(await callWith(missing), missing);
      for (const [what, id] of Object.entries(theirs)) {
        const answer = await callWith(id);
        const attempt = `${method.name}: ${at.path} of their ${what}, ${protocol}`;
        const wanted = method.access === Access.ADMIN ? "PERMISSION_DENIED" : "NOT_FOUND";
        assert.equal(answer.code, LISTS.includes(method.name) ? "OK" : wanted, attempt);
        assert.deepEqual(readable(answer, id), ofMissing, attempt);
      }
    }
    await quiet(shop);
    assert.deepEqual(await snapshot(shop), before);
  });

  it("are not reached with page tokens from the other user's lists", async () => {
    const lists = OF_USERS.filter(({ desc }) => "pageToken" in desc.input.field);
    let tokens = 0;
    for (const method of lists) {
      const { messages } = await gateway.call({
        method,
        protocol: "json",
        request: { pageSize: 1 },
        token: otherToken,
      });
      const { nextPageToken } = JSON.parse(String(messages[0] ?? "{}")) as {
        nextPageToken?: string;
      };
      if (nextPageToken === undefined) continue;
      tokens += 1;
      for (const target of lists) {
        const answer = await asOwn(target, { pageSize: 100, pageToken: nextPageToken });
        assert.equal(answer.code, "INVALID_ARGUMENT", `${target.name}: ${answer.message}`);
        assertNothingOf(theirs, JSON.stringify(answer));
      }
    }
    assert.ok(tokens >= 3, `only ${tokens} lists have a second page`);
  });

  it("appear in no list, history or log of the caller", async () => {
    const reads = OF_USERS.filter(({ name }) => /^\w+ (List|Get)/.test(name));
    for (const method of reads) {
      const answer = await asOwn(method, await validOwn(method));
      assert.equal(answer.code, "OK", `${method.name}: ${answer.message}`);
      assertNothingOf(theirs, String(answer.messages[0]));
    }
  });

  it("do not appear in a stream that watches the caller's order", async () => {
    const watch = methodNamed("order WatchOrder");
    const watching = PROTOCOLS.map((protocol) => asOwn(watch, { orderId: own.orderId }, protocol));
    const { order } = await shop
      .user(other.userId)
      .order.placeOrder((await validOf({ name: "order PlaceOrder" }).request(other)) as never);
    await shop.user(other.userId).order.cancelOrder({ orderId: order?.orderId ?? 0n });
    await eventually(() => shop.user(own.userId).order.cancelOrder({ orderId: own.orderId }));
    for (const [index, answer] of (await Promise.all(watching)).entries()) {
      assert.equal(answer.code, "OK", `${PROTOCOLS[index]}`);
      assert.ok(answer.messages.length > 0);
      for (const message of answer.messages) {
        const isJson = PROTOCOLS[index] === "json";
        const { output } = watch.desc;
        const text = isJson ? String(message) : toJsonString(output, fromBinary(output, message));
        assert.ok(text.includes(String(own.orderId)));
        assertNothingOf(theirs, text);
      }
    }
  });

  it("stay separate when both users send the same request id", async () => {
    const place = methodNamed("order PlaceOrder");
    const [request, same] = await Promise.all(
      [other, own].map(async (world) => await validOf(place).request(world)),
    );
    const answers = await Promise.all([
      gateway.call({
        method: place,
        protocol: "json",
        request: request as object,
        token: otherToken,
      }),
      asOwn(place, { ...same, requestId: (request as { requestId: string }).requestId }),
    ]);
    const orders = answers.map((answer) => {
      assert.equal(answer.code, "OK", answer.message);
      return (JSON.parse(String(answer.messages[0])) as { order: { orderId: string } }).order;
    });
    assert.notEqual(orders[0]?.orderId, orders[1]?.orderId);
    assertNothingOf(theirs, String(answers[1]?.messages[0]));
  });

  it("are UNAUTHENTICATED without a token", async () => {
    for (const method of PUBLIC.filter(({ access }) => access !== Access.PUBLIC)) {
      const answer = await gateway.call({ method, protocol: "json" });
      assert.equal(answer.code, "UNAUTHENTICATED", method.name);
    }
  });
});

function assertNothingOf(belongings: Belongings, text: string): void {
  for (const [what, id] of Object.entries(belongings)) {
    assert.ok(!text.includes(String(id)), `the other user's ${what} is in ${text}`);
  }
}

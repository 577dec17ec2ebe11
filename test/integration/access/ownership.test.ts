import assert from "node:assert/strict";
import { assertLeaksNothing, statusNameOf } from "../../../testbed/calls/answers.ts";
import { token } from "../../../testbed/calls/callers.ts";
import {
  type FieldPath,
  fieldsOf,
  type Method,
  valueAt,
  withField,
} from "../../../testbed/calls/contract.ts";
import { type EveryCaller, everyCaller } from "../../../testbed/calls/every-caller.ts";
import { LISTS, OF_USERS, ownedFields } from "../../../testbed/calls/owned.ts";
import type { RawAnswer } from "../../../testbed/calls/raw-call.ts";
import { newWorld, validOf, type World } from "../../../testbed/calls/valid-requests.ts";
import { newId, newShopper } from "../../../testbed/orders/fixtures.ts";
import { quiet, snapshot } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

describe("the records of another user", function () {
  this.timeout(startMs);
  let shop: Shop;
  let own: World;
  let other: World;
  let every: EveryCaller;
  before(async () => {
    shop = await sharedShop();
    own = await newWorld(shop);
    other = await newWorld(shop);
    every = await everyCaller(shop, own.userId);
  });
  after(() => every?.close());

  /** The id that a valid request of that world has in the field; its coupon if the field is 0. */
  const idIn = async (world: World, method: Method, at: FieldPath): Promise<bigint> =>
    (valueAt(await validOf(method).request(world), at) as bigint) || world.couponId;
  const callWith = async (method: Method, at: FieldPath, id: bigint): Promise<RawAnswer> => {
    const request = withField(await validOf(method).request(own), at, id);
    return every.send(method, request, "user");
  };
  /** All that the caller can read of an answer, with a placeholder for the id that it sent. */
  const readable = ({ code, details, refusal }: RawAnswer, id: bigint) => {
    const facts = Object.entries(refusal?.metadata ?? {});
    const known = facts.map(([name, value]) => [name, value === String(id) ? "the id" : value]);
    return { code, details, reason: refusal?.reason, known };
  };

  for (const method of OF_USERS) {
    for (const at of ownedFields(method)) {
      it(`are NOT_FOUND, as if they did not exist: ${method.name} ${at.path}`, async () => {
        const missing = newId();
        const [, theirs] = await Promise.all([own, other].map((world) => idIn(world, method, at)));
        assert.ok(theirs);
        await quiet(shop);
        const before = await snapshot(shop);
        const answer = await callWith(method, at, theirs);
        const isList = LISTS.includes(method.name);
        assert.equal(statusNameOf(method, answer), isList ? "OK" : "NOT_FOUND", answer.details);
        assert.equal(answer.bytes?.length ?? 0, 0);
        const ofMissing = await callWith(method, at, missing);
        assert.deepEqual(readable(answer, theirs), readable(ofMissing, missing));
        assertLeaksNothing(answer);
        await quiet(shop);
        assert.deepEqual(await snapshot(shop), before);
        // An administrator finds the record.
        const request = withField(await validOf(method).request(other), at, theirs);
        const found = await every.send(method, request, "admin");
        assert.equal(statusNameOf(method, found), "OK", found.details);
      });
    }
  }

  it("are tested in every field of a user's call that names a record", () => {
    const asked = OF_USERS.flatMap((method) =>
      ownedFields(method).map(({ path }) => `${method.name} ${path}`),
    );
    assert.deepEqual(asked.sort(), [
      "coupon GetCoupon coupon_id",
      "coupon ListCoupons user_id",
      "order CancelOrder order_id",
      "order ConfirmReceipt order_id",
      "order GetOrder order_id",
      "order ListOrderHistory order_id",
      "order ListOrders user_id",
      "order ListRefunds order_id",
      "order PlaceOrder coupon_id",
      "order PlaceOrder user_id",
      "order QuoteOrder coupon_id",
      "order QuoteOrder user_id",
      "order WatchOrder order_id",
      "pay CreatePayment order_id",
      "pay GetPayment payment_id",
      "pay ListPayments order_id",
      "user GetUser user_id",
      "user ListBalanceLog user_id",
      "user ListPointLog user_id",
    ]);
  });

  it("appear in no list of a user without records, and no forged page token is valid", async () => {
    const { userId } = await newShopper(shop);
    const options = { token: await token("user", String(userId)) };
    for (const method of OF_USERS.filter(({ desc }) => "pageToken" in desc.input.field)) {
      const byOrder = "orderId" in method.desc.input.field;
      const isHistory = /^order List(OrderHistory|Refunds)$/.test(method.name);
      const query = { pageSize: 100, ...(byOrder && { orderId: other.orderId }) };
      const answer = await every.send(method, query, options);
      assert.equal(statusNameOf(method, answer), isHistory ? "NOT_FOUND" : "OK", answer.details);
      assert.equal(answer.bytes?.length ?? 0, 0, method.name);
      for (const id of [2n ** 63n - 1n, other.orderId, other.couponId, other.userId, 1n]) {
        const bytes = Buffer.alloc(16);
        bytes.writeBigInt64BE(id);
        const forged = { ...query, pageToken: bytes.toString("base64url") };
        const refused = await every.send(method, forged, options);
        const allowed = isHistory ? ["NOT_FOUND", "INVALID_ARGUMENT"] : ["INVALID_ARGUMENT"];
        assert.ok(allowed.includes(statusNameOf(method, refused)), refused.details);
      }
    }
  });

  it("are open to administrators, who must name a valid id", async () => {
    for (const method of OF_USERS.filter(({ desc }) => "userId" in desc.input.field)) {
      const at = fieldsOf(method.desc.input).find(({ path }) => path === "user_id") as FieldPath;
      const valid = await validOf(method).request(own);
      const answered = async (id: bigint) => {
        const answer = await every.send(method, withField(valid, at, id), "admin");
        return statusNameOf(method, answer);
      };
      const listsEveryUser = method.name === "order ListOrders";
      assert.equal(await answered(0n), listsEveryUser ? "OK" : "INVALID_ARGUMENT", method.name);
      for (const id of [-1n, -(2n ** 63n)]) {
        assert.equal(await answered(id), "INVALID_ARGUMENT", method.name);
      }
      // The coupon and order services do not know users: the list of an unknown one is empty.
      const list = listsEveryUser || method.name === "coupon ListCoupons";
      assert.equal(await answered(newId()), list ? "OK" : "NOT_FOUND", method.name);
    }
  });
});

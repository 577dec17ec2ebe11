import assert from "node:assert/strict";
import { assertTellsNothing, statusNameOf } from "../../../testbed/calls/answers.ts";
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

describe("what another user has", function () {
  this.timeout(startMs);
  let shop: Shop;
  let own: World;
  let others: World;
  let every: EveryCaller;
  before(async () => {
    shop = await sharedShop();
    own = await newWorld(shop);
    others = await newWorld(shop);
    every = await everyCaller(shop, own.userId);
  });
  after(() => every?.close());

  /** What a valid request of that world names; its coupon, where the request has none. */
  const idIn = async (world: World, method: Method, at: FieldPath): Promise<bigint> =>
    (valueAt(await validOf(method).request(world), at) as bigint) || world.couponId;
  const asking = async (method: Method, at: FieldPath, id: bigint): Promise<RawAnswer> => {
    const request = withField(await validOf(method).request(own), at, id);
    return every.send(method, request, "user");
  };
  /** All that a caller can read of an answer, without the id that it sent itself. */
  const readable = ({ code, details, refusal }: RawAnswer, id: bigint) => {
    const facts = Object.entries(refusal?.metadata ?? {});
    const known = facts.map(([name, value]) => [name, value === String(id) ? "its id" : value]);
    return { code, details, reason: refusal?.reason, known };
  };

  for (const method of OF_USERS) {
    for (const at of ownedFields(method)) {
      it(`is not found by ${method.name}, as if its ${at.path} did not exist`, async () => {
        const missing = newId();
        const [, theirs] = await Promise.all([own, others].map((w) => idIn(w, method, at)));
        assert.ok(theirs);
        await quiet(shop);
        const before = await snapshot(shop);
        const answer = await asking(method, at, theirs);
        const isList = LISTS.includes(method.name);
        assert.equal(statusNameOf(method, answer), isList ? "OK" : "NOT_FOUND", answer.details);
        assert.equal(answer.bytes?.length ?? 0, 0);
        const nobodys = await asking(method, at, missing);
        assert.deepEqual(readable(answer, theirs), readable(nobodys, missing));
        assertTellsNothing(answer);
        await quiet(shop);
        assert.deepEqual(await snapshot(shop), before);
        // The one who owns it, and an administrator, find it.
        const request = withField(await validOf(method).request(others), at, theirs);
        const found = await every.send(method, request, "admin");
        assert.equal(statusNameOf(method, found), "OK", found.details);
      });
    }
  }

  it("was asked for by every id that a user's call can name", () => {
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

  it("is in no list of one who has nothing, whatever page token is made up", async () => {
    const { userId } = await newShopper(shop);
    const options = { token: await token("user", String(userId)) };
    for (const method of OF_USERS.filter(({ desc }) => "pageToken" in desc.input.field)) {
      for (const id of [2n ** 63n - 1n, others.orderId, others.couponId, others.userId, 1n]) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64BE(id);
        const request = { pageSize: 100, pageToken: bytes.toString("base64url") };
        const answer = await every.send(method, request, options);
        assert.equal(statusNameOf(method, answer), "OK", answer.details);
        assert.equal(answer.bytes?.length, 0, method.name);
      }
    }
  });

  it("is told to administrators only where the id is one", async () => {
    for (const method of OF_USERS.filter(({ desc }) => "userId" in desc.input.field)) {
      const at = fieldsOf(method.desc.input).find(({ path }) => path === "user_id") as FieldPath;
      const valid = await validOf(method).request(own);
      const answered = async (id: bigint) => {
        const answer = await every.send(method, withField(valid, at, id), "admin");
        return statusNameOf(method, answer);
      };
      const everyones = method.name === "order ListOrders";
      assert.equal(await answered(0n), everyones ? "OK" : "INVALID_ARGUMENT", method.name);
      for (const id of [-1n, -(2n ** 63n)]) {
        assert.equal(await answered(id), "INVALID_ARGUMENT", method.name);
      }
      // The lists of coupons and orders do not know who exists: theirs are empty.
      const list = everyones || method.name === "coupon ListCoupons";
      assert.equal(await answered(newId()), list ? "OK" : "NOT_FOUND", method.name);
    }
  });
});

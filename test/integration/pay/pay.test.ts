import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { type Shop, startShop } from "../../support/shop.ts";

type Calls = Record<string, (request: object) => Promise<unknown>>;

describe("pay", function () {
  this.timeout(60_000);
  let shop: Shop;
  before(async () => {
    shop = await startShop({ services: ["pay"] });
  });
  after(() => shop?.stop());

  const callersOf = (shop: Shop) => ({
    user: shop.user(1n).pay as unknown as Calls,
    admin: shop.admin.pay as unknown as Calls,
    service: shop.service("order").pay as unknown as Calls,
    anyone: shop.anonymous.pay as unknown as Calls,
  });

  const failureOf = async (calls: Calls, method: string) => {
    const call = calls[method];
    assert.ok(call);
    return call({}).then(
      () => assert.fail(`${method} was answered`),
      (error: unknown) => error,
    );
  };

  it("answers UNIMPLEMENTED to whoever may call a method", async () => {
    const { user, admin, service } = callersOf(shop);
    const allowed: Record<string, Calls> = { handleCallback: service, listPaymentLog: admin };
    for (const { localName } of PayService.methods) {
      const error = await failureOf(allowed[localName] ?? user, localName);
      assert.ok(error instanceof Outage, localName);
      assert.equal((error.cause as { code?: number }).code, status.UNIMPLEMENTED, localName);
    }
  });

  it("refuses whoever may not, before anything else", async () => {
    const { user, anyone } = callersOf(shop);
    for (const { localName } of PayService.methods) {
      const error = await failureOf(anyone, localName);
      assert.ok(error instanceof Refusal, localName);
      assert.equal(error.reason, Reason.UNAUTHENTICATED, localName);
    }
    for (const method of ["handleCallback", "listPaymentLog"]) {
      const error = await failureOf(user, method);
      assert.ok(error instanceof Refusal, method);
      assert.equal(error.reason, Reason.PERMISSION_DENIED, method);
    }
  });
});

import assert from "node:assert/strict";
import { type Payment, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../../simulators/sandbox/config.ts";
import { signedHeaders } from "../../../simulators/sandbox/signature.ts";
import { newWorld, type World } from "../../../testbed/calls/valid-requests.ts";
import { newKey, newShopper, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { type NoticeFields, noticeOf } from "../../../testbed/orders/notices.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { TEXTS } from "./inputs.ts";

/** JSON values of other types, and strings that resemble numbers. */
const OTHERS: unknown[] = [
  null,
  true,
  0,
  -1,
  2_500,
  1e21,
  1e308,
  [],
  {},
  ["2500"],
  { toString: "x" },
  "0",
  "-1",
  "+1",
  "1.0",
  "1e3",
  "0x10",
  " 2500",
  "2500 ",
  "02500",
  "9007199254740991",
  "9007199254740992",
  "9223372036854775807",
  "9223372036854775808",
  "9".repeat(400),
  "\u0662\u0665\u0660\u0660",
  "\ud800",
];
const TIMES = [
  "0000-01-01T00:00:00Z",
  "1969-12-31T23:59:59Z",
  "2026-02-30T00:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-01-01T24:00:00Z",
  "2026-01-01T00:00:60Z",
  "9999-12-31T23:59:59Z",
  "9999-12-31T23:59:59.999999999Z",
  "9999-12-31T23:59:59-23:59",
  "+010000-01-01T00:00:00Z",
];

describe("a correctly signed callback with a bad value", function () {
  this.timeout(startMs);
  let shop: Shop;
  let world: World;
  before(async () => {
    shop = await sharedShop();
    world = await newWorld(shop);
  });

  async function newPayment(): Promise<Payment> {
    const { userId, calls } = await newShopper(shop);
    const lines = [[world.goods, 3n]] as Parameters<typeof placeRequest>[0]["lines"];
    const { order } = await calls.order.placeOrder(placeRequest({ userId, lines }));
    const { payment } = await calls.pay.createPayment({
      orderId: order?.orderId ?? 0n,
      provider: "sandbox",
      returnUrl: "http://localhost/",
    });
    return payment ?? assert.fail();
  }
  const send = (notice: object) => {
    const body = JSON.stringify(notice);
    const headers = signedHeaders(DEVELOPMENT_SANDBOX_SECRET, body, Date.now());
    const call = { provider: "sandbox", headers, body: Buffer.from(body) };
    return shop.service("gateway").pay.handleCallback(call);
  };
  const statusOf = async ({ paymentId }: Payment) =>
    (await shop.admin.pay.getPayment({ paymentId })).payment?.status;

  const fields = Object.keys({
    notice_id: "",
    type: "",
    merchant_id: "",
    merchant_trade_id: "",
    trade_id: "",
    amount_cents: "",
    currency: "",
    pay_time: "",
  } satisfies NoticeFields);

  for (const field of fields) {
    it(`in ${field} is answered, and marks a payment as paid only if it is right`, async () => {
      const texts = TEXTS.filter(({ name }) => name !== "huge").map(({ value }) => value);
      const values = [...texts, ...OTHERS, ...TIMES, undefined];
      let payment = await newPayment();
      for (const value of values) {
        const what = `${field} ${JSON.stringify(value)}`;
        const notice = noticeOf(payment, { notice_id: newKey() });
        const { status } = await send({ ...notice, [field]: value });
        assert.ok([200, 400, 404].includes(status), `${what}: ${status}`);
        const isPaid = (await statusOf(payment)) === PaymentStatus.SUCCEEDED;
        const mayVary = field === "notice_id" || field === "pay_time";
        if (isPaid) {
          assert.ok(mayVary && status === 200, what);
          payment = await newPayment();
        } else assert.ok(status !== 200 || field === "type", what);
      }
      assert.equal((await send(noticeOf(payment))).status, 200);
      assert.equal(await statusOf(payment), PaymentStatus.SUCCEEDED);
    });
  }
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Reason } from "#platform/values/refusal.ts";
import { CallbackVerdict, PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { refused } from "../../../testbed/calls/refused.ts";
import { eventually } from "../../../testbed/eventually.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { callBack, noticeOf, openPayment, paymentNow, rowsOf, startPayShop } from "./pay-shop.ts";

const program = fileURLToPath(new URL("../../../ops/callbacks.ts", import.meta.url));
const run = promisify(execFile);

type Shown = { callbackId: string; verdict: string; cause: string; body: string; before: string };

describe("npm run callbacks", function () {
  this.timeout(60_000);
  const otherSecret = "the new secret of the provider";
  let shop: Shop;
  before(async () => {
    shop = await startPayShop();
  });
  after(() => shop?.stop());

  const callbacks = async (...options: string[]): Promise<Shown[]> => {
    const { stdout } = await run(process.execPath, [program, "--json", ...options], {
      env: {
        ...process.env,
        SHOP_NAMESPACE: shop.namespace,
        SHOP_PAY_ADDRESS: shop.addresses.pay,
      },
    });
    return JSON.parse(stdout);
  };

  it("lists callbacks with their verdicts, by verdict and by payment", async () => {
    const { payment } = await openPayment(shop);
    await callBack(shop, noticeOf(payment));
    await callBack(shop, noticeOf(payment, { amount_cents: "1" }));
    await callBack(shop, noticeOf(payment), { secret: "guess" });
    const all = await callbacks();
    assert.deepEqual(
      all.map(({ verdict, cause }) => `${verdict} ${cause}`),
      ["accepted ", "refused amount", "refused signature"],
    );
    const ofPayment = await callbacks("--payment", String(payment.paymentId));
    assert.equal(ofPayment.length, 2);
    const [newest] = await callbacks("--verdict", "refused", "--limit", "1");
    assert.equal(newest?.callbackId, all[2]?.callbackId);
  });

  it("replays a wrongly refused callback once, as of when it arrived", async () => {
    const { payment } = await openPayment(shop);
    const tenMinutes = { secret: otherSecret, ageMs: 600_000 };
    assert.equal((await callBack(shop, noticeOf(payment), tenMinutes)).status, 401);
    const [refusedOne] = await callbacks("--limit", "1");
    assert.ok(refusedOne);
    const { callbackId } = refusedOne;
    await shop.restart("pay", { SHOP_SANDBOX_SECRET: otherSecret });
    const [stale] = await callbacks("--replay", callbackId);
    assert.deepEqual([stale?.verdict, stale?.cause], ["refused", "stale"]);
    // Moves its arrival back to when its signature was fresh.
    await shop.sql(
      "pay",
      "update callbacks set receive_time = receive_time - interval 10 minute where callback_id = ?",
      [callbackId],
    );
    const [judged] = await callbacks("--replay", callbackId);
    assert.deepEqual([judged?.verdict, judged?.before], ["accepted", "refused: stale"]);
    const paid = await paymentNow(shop, payment.paymentId);
    assert.equal(paid.status, PaymentStatus.SUCCEEDED);
    assert.ok((await callbacks("--replay", "all")).length >= 4);
    const after = await rowsOf(shop, payment.paymentId);
    assert.equal(after.succeeded, 1);
    assert.deepEqual(after.callbacks, [{ verdict: 1, cause: "", repeats: 0 }]);
    await shop.restart("pay");
    // The gateway reconnects with growing pauses.
    await eventually(async () => assert.equal((await callBack(shop, "{}")).status, 400));
  });

  it("refuses a forged callback again, without a second row", async () => {
    const { payment } = await openPayment(shop);
    await callBack(shop, noticeOf(payment), { secret: "guess" });
    const before = await callbacks();
    const judged = await callbacks("--replay", "all");
    assert.ok(judged.length > 0);
    assert.equal((await callbacks()).length, before.length);
    assert.equal((await paymentNow(shop, payment.paymentId)).status, PaymentStatus.OPEN);
  });

  it("gets verdict, cause and answer from the pay service", async () => {
    const { payment } = await openPayment(shop);
    const judgeNewest = async () => {
      const [newest] = await callbacks("--limit", "1");
      const callbackId = BigInt(newest?.callbackId ?? assert.fail());
      const { verdict, cause, answer } = await shop
        .service("callbacks")
        .pay.judgeCallback({ callbackId });
      return { verdict, cause, status: answer?.status };
    };
    const { ACCEPTED, REFUSED, REPEATED } = CallbackVerdict;
    await callBack(shop, noticeOf(payment), { secret: "guess" });
    const forged = await judgeNewest();
    assert.deepEqual(forged, { verdict: REFUSED, cause: "signature", status: 401 });
    await callBack(shop, noticeOf(payment));
    const { callbacks: before } = await rowsOf(shop, payment.paymentId);
    assert.deepEqual(before, [{ verdict: ACCEPTED, cause: "", repeats: 0 }]);
    const repeated = await judgeNewest();
    assert.deepEqual(repeated, { verdict: REPEATED, cause: "", status: 200 });
    const after = await rowsOf(shop, payment.paymentId);
    assert.deepEqual(after.callbacks, before);
    assert.equal(after.succeeded, 1);
  });

  it("cannot judge a callback that is not stored", async () => {
    const unknown = shop.service("callbacks").pay.judgeCallback({ callbackId: 1n });
    await refused(unknown, Reason.INVALID_ARGUMENT);
  });

  it("exits with 2 on a usage error", async () => {
    for (const wrong of [["--verdict", "odd"], ["--replay", "x"], ["--limit", "0"], ["--what"]]) {
      await assert.rejects(callbacks(...wrong), { code: 2 });
    }
  });
});

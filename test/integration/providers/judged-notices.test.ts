import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { AlipaySdk } from "alipay-sdk";
import { alipayProvider } from "../../../services/pay/providers/alipay/provider.ts";
import type { PaymentProvider, ReadCallback } from "../../../services/pay/providers/provider.ts";
import { wechatpayProvider } from "../../../services/pay/providers/wechatpay/provider.ts";
import { BUILD_MS, isGoInReach, startGoJudge } from "../simulators/go-judge.ts";
import { mutate } from "../simulators/mutate.ts";
import {
  type Callback,
  type Shop,
  type Simulators,
  startSimulators,
} from "../simulators/simulators.ts";
import { QUIET, wechatpayShop } from "../simulators/wechatpay-shop.ts";
import {
  alipayOptions,
  newOpening,
  notices,
  readBy,
  startCalledShop,
  wechatpayOptions,
} from "./provider-shop.ts";

const NOTICES = 1_000;

/** How many callbacks `accepts` accepts, by whether they are changed. */
type Count = { genuine: number; changed: number };

describe("notices, read by the shop and judged by the providers' libraries", () => {
  let simulators: Simulators;

  before(async () => {
    simulators = await startSimulators();
    await simulators.control.wechatpay.faults(QUIET);
  });

  after(() => simulators?.stop());

  /** Pays, and gathers the notice of the payment many times over. */
  async function gather(
    name: "alipay" | "wechatpay",
    { provider, shop }: { provider: PaymentProvider; shop: Shop },
  ): Promise<Callback[]> {
    const opening = newOpening();
    const { action } = await provider.open(opening);
    if (action.kind === "redirect") await fetch(action.url, { redirect: "manual" });
    const number = String(opening.paymentId);
    await simulators.control[name].pay(number);
    await shop.next(notices(provider, "paid", opening.paymentId));
    shop.callbacks.length = 0;
    for (let batch = 0; batch < NOTICES / 100; batch += 1) {
      await simulators.control[name].send(number, { times: 100 });
    }
    assert.equal(shop.callbacks.length, NOTICES);
    return shop.callbacks;
  }

  /** Asserts that the shop accepts all callbacks, and what the library accepts of changed ones. */
  async function compare(
    callbacks: Callback[],
    header: string,
    judges: {
      ours(callback: Pick<Callback, "headers" | "body">): ReadCallback;
      theirs(callback: Pick<Callback, "headers" | "body">): boolean | Promise<boolean>;
    },
  ): Promise<Count> {
    const count = { genuine: 0, changed: 0 };
    for (const [index, callback] of callbacks.entries()) {
      assert.ok(judges.ours(callback).genuine, `genuine ${index}`);
      assert.ok(await judges.theirs(callback), `the library refuses genuine ${index}`);
      count.genuine += 1;
      const changed = mutate(callback, header, index);
      const accepted = judges.ours(changed).genuine;
      assert.equal(accepted, await judges.theirs(changed), `changed ${index}`);
      count.changed += accepted ? 1 : 0;
    }
    return count;
  }

  it(`agree on ${NOTICES} of Alipay and as many changed ones`, async () => {
    const shop = await startCalledShop("alipay");
    const account = simulators.accounts.alipay;
    const provider = alipayProvider(alipayOptions(account, { notifyUrl: shop.url }));
    const callbacks = await gather("alipay", { provider, shop });
    const sdk = new AlipaySdk({
      appId: account.appId,
      privateKey: account.merchantPrivateKey,
      keyType: "PKCS8",
      alipayPublicKey: account.alipayPublicKeys[0] as string,
    });
    const count = await compare(callbacks.map(withSignature), "sign", {
      ours: (callback) => readBy(provider, asForm(callback)),
      theirs: (callback) => {
        const { body } = asForm(callback);
        // The library throws for an unknown sign_type.
        const params = Object.fromEntries(new URLSearchParams(body.toString()));
        return params.sign_type === "RSA2" && sdk.checkNotifySignV2(params);
      },
    });
    assert.deepEqual(count, { genuine: NOTICES, changed: 0 });
    await shop.stop();
  }).timeout(60_000);

  it(`agree on ${NOTICES} of WeChat Pay and as many changed ones`, async () => {
    const shop = await startCalledShop("wechatpay");
    const account = simulators.accounts.wechatpay;
    const provider = wechatpayProvider(wechatpayOptions(account, shop.url));
    await simulators.control.wechatpay.faults({ ...QUIET, public_key_percent: 50 });
    const callbacks = await gather("wechatpay", { provider, shop });
    const plugin = wechatpayShop(account, shop);
    const count = await compare(callbacks, "wechatpay-signature", {
      ours: (callback) => readBy(provider, callback),
      theirs: (callback) => passes(() => plugin.verify(callback)),
    });
    assert.deepEqual(count, { genuine: NOTICES, changed: 0 });
    await shop.stop();
  }).timeout(60_000);

  it(`agree on ${NOTICES} of WeChat Pay with the Go library too`, async function () {
    this.timeout(BUILD_MS);
    if (!isGoInReach()) {
      console.log("      skipped: wechatpay-go needs Go, which is not installed");
      return;
    }
    const shop = await startCalledShop("wechatpay");
    const account = simulators.accounts.wechatpay;
    const provider = wechatpayProvider(wechatpayOptions(account, shop.url));
    await simulators.control.wechatpay.faults({ ...QUIET, public_key_percent: 50 });
    const callbacks = await gather("wechatpay", { provider, shop });
    const judge = startGoJudge(account);
    const count = await compare(callbacks, "wechatpay-signature", {
      ours: (callback) => readBy(provider, callback),
      theirs: (callback) =>
        judge.verify(callback).then(
          () => true,
          () => false,
        ),
    });
    assert.deepEqual(count, { genuine: NOTICES, changed: 0 });
    judge.stop();
    await shop.stop();
  });

  it("of both keys are accepted while Alipay's is changed, and none without its key", async () => {
    const shop = await startCalledShop("alipay");
    const { control } = simulators;
    const before = alipayOptions((await control.accounts()).alipay, { notifyUrl: shop.url });
    const { publicKey } = await control.alipay.command("rotate-key");
    const later = createPublicKey(String(publicKey));
    const during = alipayProvider({ ...before, alipayKeys: [...before.alipayKeys, later] });
    await control.alipay.faults({ public_key_percent: 50 });
    const callbacks = await gather("alipay", { provider: during, shop });
    const accepted = (provider: PaymentProvider) =>
      callbacks.filter((callback) => readBy(provider, callback).genuine).length;
    assert.equal(accepted(during), NOTICES);
    const old = accepted(alipayProvider(before));
    const after = accepted(alipayProvider({ ...before, alipayKeys: [later] }));
    assert.equal(old + after, NOTICES);
    assert.ok(old > 400 && after > 400, `${old} and ${after}`);
    for (const callback of callbacks.slice(0, 100)) {
      assert.equal((await during.query(newOpening())).state, "not_begun");
      assert.ok(!readBy(during, changedTotal(callback)).genuine);
    }
    await control.alipay.faults();
    await shop.stop();
  }).timeout(60_000);

  it("that were encrypted before the APIv3 key was changed are read with the older key", async () => {
    const shop = await startCalledShop("wechatpay");
    const { control } = simulators;
    const options = wechatpayOptions((await control.accounts()).wechatpay, shop.url);
    await control.wechatpay.faults(QUIET);
    const [earlier] = await gather("wechatpay", { provider: wechatpayProvider(options), shop });
    await control.wechatpay.command("rotate-key");
    const newer = wechatpayOptions((await control.accounts()).wechatpay, shop.url);
    assert.ok(earlier);
    const read = (apiV3Keys: Buffer[]) =>
      readBy(wechatpayProvider({ ...newer, apiV3Keys }), earlier);
    assert.ok(read([...newer.apiV3Keys, ...options.apiV3Keys]).genuine);
    assert.deepEqual(read(newer.apiV3Keys), { genuine: false, cause: "malformed" });
    await shop.stop();
  }).timeout(60_000);
});

/** With the signature as a header, where `mutate` changes it. */
function withSignature(callback: Callback): Callback {
  const params = new URLSearchParams(callback.body.toString());
  const sign = params.get("sign") ?? "";
  params.delete("sign");
  return {
    ...callback,
    headers: { ...callback.headers, sign },
    body: Buffer.from(params.toString()),
  };
}

function asForm({ headers, body }: Pick<Callback, "headers" | "body">) {
  const sign = new URLSearchParams({ sign: String(headers.sign) });
  return { headers: {}, body: Buffer.concat([body, Buffer.from(`&${sign}`)]) };
}

function changedTotal({ headers, body }: Callback) {
  const params = new URLSearchParams(body.toString());
  params.set("total_amount", "0.01");
  return { headers, body: Buffer.from(params.toString()) };
}

function passes(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

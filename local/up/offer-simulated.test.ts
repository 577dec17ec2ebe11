import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { offerSimulated } from "./offer-simulated.ts";

const ACCOUNTS = {
  alipay: {
    url: "http://127.0.0.1:1",
    appId: "app",
    sellerId: "seller",
    files: { merchantPrivateKey: "own", alipayPublicKey: "first", alipayPublicKey2: "second" },
  },
  wechatpay: { url: "http://127.0.0.1:2", publicKeyId: "P", certificateSerial: "C", files: {} },
  stripe: { url: "http://127.0.0.1:3", files: { secretKey: "key", webhookSecrets: "secrets" } },
};

describe("what npm start offers of the simulated providers", () => {
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer((_, response) => response.end(JSON.stringify(ACCOUNTS)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => server?.close());

  it("is all of them in CNY, with every key that the simulators have", async () => {
    const env: NodeJS.ProcessEnv = { SHOP_CURRENCY: "CNY" };
    const simulated = "simulated";
    const offered = { alipay: simulated, wechatpay: simulated, stripe: simulated };
    assert.deepEqual(await offerSimulated(url, env), offered);
    assert.equal(env.SHOP_ALIPAY_URL, "http://127.0.0.1:1/gateway.do");
    assert.equal(env.SHOP_ALIPAY_PUBLIC_KEY_FILES, "first,second");
    assert.match(env.SHOP_WECHATPAY_VERIFY_KEY_FILES ?? "", /^P=.*,C=/);
    assert.equal(env.SHOP_STRIPE_SECRET_KEY_FILE, "key");
  });

  it("is what takes the shop's currency", async () => {
    for (const [currency, stripe] of [
      ["EUR", "simulated"],
      ["KWD", "simulated"],
      ["CLF", "not offered: does not take the currency of the shop"],
    ]) {
      const env: NodeJS.ProcessEnv = { SHOP_CURRENCY: currency };
      const offered = await offerSimulated(url, env);
      assert.match(offered.alipay, /^not offered: takes CNY only; .*SHOP_CURRENCY=CNY npm start/);
      assert.equal(offered.stripe, stripe);
      assert.equal(env.SHOP_ALIPAY_URL, undefined);
    }
  });

  it("leaves a provider alone of which the environment sets anything", async () => {
    const env: NodeJS.ProcessEnv = { SHOP_CURRENCY: "CNY", SHOP_STRIPE_URL: "https://mine" };
    assert.equal((await offerSimulated(url, env)).stripe, "as set in the environment");
    assert.equal(env.SHOP_STRIPE_SECRET_KEY_FILE, undefined);
  });

  it("is none of them while the control interface is off", async () => {
    const env: NodeJS.ProcessEnv = { SHOP_SIMULATORS_CONTROL: "off" };
    assert.match((await offerSimulated(url, env)).stripe, /SHOP_SIMULATORS_CONTROL is off/);
  });
});

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Aes, Formatter, Rsa, Wechatpay } from "wechatpay-axios-plugin";
import type { Accounts } from "../../../simulators/providers/client.ts";
import {
  type Callback,
  type Shop,
  type Simulators,
  startShop,
  startSimulators,
} from "./simulators.ts";

export const NATIVE = "v3/pay/transactions/native";
export const REFUNDS = "v3/refund/domestic/refunds";

type Account = Accounts["wechatpay"];
type Notice = Pick<Callback, "headers" | "body">;

/** Calls WeChat Pay through the plugin, as the merchant of the account. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at the JSON as it is.
type Call = (method: "get" | "post", path: string, data?: object) => Promise<any>;

export function wechatpayClient(account: Account): Call {
  const wechatpay = new Wechatpay({
    mchid: account.mchid,
    serial: account.merchantSerial,
    privateKey: account.merchantPrivateKey,
    certs: account.platformKeys,
    baseURL: account.url,
  });
  const headers = { "Wechatpay-Serial": account.publicKeyId };
  return async (method, path, data) => {
    const call = wechatpay.client.v3.request({ url: path, method, data, headers });
    return (await call).data;
  };
}

/** Without the probes that the simulator sends by default. */
export const QUIET = { signtest_percent: 0 };

/**
 * Starts the simulators and a shop for the tests of a suite, and stops them afterwards. Everything
 * is there from the first test on.
 */
export function useWechatpay() {
  const at = {} as {
    simulators: Simulators;
    control: Simulators["control"];
    shop: Shop;
    account: Account;
    merchant: ReturnType<typeof wechatpayShop>;
    call: Call;
  };

  before(async () => {
    at.shop = await startShop({ status: 204, body: "" });
    at.simulators = await startSimulators({ SHOP_SIMULATORS_SCHEDULE_PERCENT: "10" });
    at.control = at.simulators.control;
    at.account = at.simulators.accounts.wechatpay;
    at.merchant = wechatpayShop(at.account, at.shop);
    at.call = at.merchant.call;
    await at.control.wechatpay.faults(QUIET);
  });

  after(async () => {
    await at.simulators?.stop();
    await at.shop?.stop();
  });

  afterEach(async () => {
    await at.control.wechatpay.faults(QUIET);
    at.shop.answer = () => ({ status: 204, body: "" });
    at.shop.callbacks.length = 0;
  });

  return at;
}

/** A shop's requests, and how it reads notices. */
export function wechatpayShop(account: Account, shop: Shop) {
  const order = (changes: object = {}) => ({
    appid: account.appid,
    mchid: account.mchid,
    description: "订单 7，茶 × 2",
    out_trade_no: randomUUID().replaceAll("-", ""),
    notify_url: `${shop.url}/wechatpay`,
    amount: { total: 12_345, currency: "CNY" },
    ...changes,
  });
  const orderPath = (number: string) => `v3/pay/transactions/out-trade-no/${number}`;
  const call = wechatpayClient(account);
  return {
    call,
    order,
    queryPath: (number: string) => `${orderPath(number)}?mchid=${account.mchid}`,
    close: (number: string) => call("post", `${orderPath(number)}/close`, { mchid: account.mchid }),
    async open(changes: object = {}): Promise<string> {
      const body = order(changes);
      await call("post", NATIVE, body);
      return body.out_trade_no;
    },
    refund: (number: string, refund: number) => ({
      out_trade_no: number,
      out_refund_no: randomUUID(),
      amount: { refund, total: 12_345, currency: "CNY" },
    }),
    verify: (notice: Notice) => verify(account, notice),
    /** Whether a callback says this about this order. */
    says: (number: string, type: string) => (callback: Callback) => {
      const { event_type, content } = read(account, callback);
      return event_type === type && content.out_trade_no === number;
    },
    authorization: (method: string, path: string, offsetS = 0) =>
      authorization(account, { method, path, offsetS }),
  };
}

/** Verifies a notice as the plugin's documentation shows, and decrypts it. */
function verify(account: Account, notice: Notice) {
  const header = (name: string) => String(notice.headers[`wechatpay-${name}`]);
  const timestamp = header("timestamp");
  const pem = account.platformKeys[header("serial")];
  assert.ok(pem !== undefined, "unknown serial");
  assert.ok(Math.abs(Formatter.timestamp() - Number(timestamp)) <= 300, "stale");
  const text = Formatter.response(timestamp, header("nonce"), notice.body.toString());
  assert.ok(
    Rsa.verify(text, header("signature"), Rsa.from(pem as string, "public")),
    "wrong signature",
  );
  return read(account, notice);
}

function read(account: Account, { body }: Notice) {
  const { resource, ...notice } = JSON.parse(body.toString());
  const { ciphertext, nonce, associated_data: associated } = resource;
  const text = Aes.AesGcm.decrypt(ciphertext, account.apiV3Key, nonce, associated);
  return { ...notice, content: JSON.parse(text) };
}

function authorization(
  account: Account,
  { method, path, offsetS }: { method: string; path: string; offsetS: number },
): string {
  const time = Formatter.timestamp() + offsetS;
  const text = Formatter.request(method, path, String(time), "nonce");
  const signature = Rsa.sign(text, Rsa.from(account.merchantPrivateKey, "private"));
  return Formatter.authorization(account.mchid, "nonce", signature, time, account.merchantSerial);
}

/** Checks the code of an error of the API. */
export function refused(code: string, message = "another error code") {
  return (error: { response?: { data?: { code?: string } } }): true => {
    assert.equal(error.response?.data?.code, code, message);
    return true;
  };
}

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { AlipaySdk } from "alipay-sdk";
import type { Accounts } from "../../../simulators/providers/client.ts";
import {
  type Callback,
  type Shop,
  type Simulators,
  startShop,
  startSimulators,
} from "./simulators.ts";

export const SUBJECT = '订单 7: 茶 × 2, 100% + "新" 🍵';

/**
 * Starts the simulators and a shop for the tests of a suite, and stops them afterwards. `control`,
 * `shop`, `account` and `alipay` are there from the first test on.
 */
export function useAlipay() {
  const at = {} as {
    simulators: Simulators;
    control: Simulators["control"];
    shop: Shop;
    account: Accounts["alipay"];
    alipay: AlipaySdk;
  };

  before(async () => {
    at.shop = await startShop({ status: 200, body: "success" });
    at.simulators = await startSimulators({ SHOP_SIMULATORS_SCHEDULE_PERCENT: "10" });
    at.control = at.simulators.control;
    at.account = at.simulators.accounts.alipay;
    at.alipay = client();
  });

  after(async () => {
    await at.simulators?.stop();
    await at.shop?.stop();
  });

  afterEach(async () => {
    await at.control.alipay.faults();
    at.shop.answer = () => ({ status: 200, body: "success" });
    at.shop.callbacks.length = 0;
  });

  function client(changes: { appId?: string; alipayPublicKey?: string } = {}): AlipaySdk {
    return new AlipaySdk({
      appId: at.account.appId,
      privateKey: at.account.merchantPrivateKey,
      alipayPublicKey: at.account.alipayPublicKeys[0] as string,
      keyType: "PKCS8",
      gateway: `${at.account.url}/gateway.do`,
      ...changes,
    });
  }

  /** Calls a method, and verifies the answer. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at the answer as it is.
  async function call(method: string, bizContent: object, sdk = at.alipay): Promise<any> {
    const notifyUrl = `${at.shop.url}/alipay`;
    return sdk.exec(`alipay.${method}`, { bizContent, notifyUrl }, { validateSign: true });
  }

  /** The link to pay 123.45 yuan. */
  function link(number: string, changes: object = {}): string {
    return at.alipay.pageExecute("alipay.trade.page.pay", "GET", {
      bizContent: {
        out_trade_no: number,
        product_code: "FAST_INSTANT_TRADE_PAY",
        total_amount: "123.45",
        subject: SUBJECT,
        ...changes,
      },
      notify_url: `${at.shop.url}/alipay`,
      return_url: "http://127.0.0.1:9/thanks?order=7",
    });
  }

  /** Opens a payment as a shopper's browser does, without logging in. */
  async function visit(changes: object = {}): Promise<string> {
    const number = newNumber();
    const response = await fetch(link(number, changes), { redirect: "manual" });
    assert.equal(response.status, 302);
    return number;
  }

  async function pay(changes: object = {}): Promise<string> {
    const number = await visit(changes);
    await at.control.alipay.pay(number);
    return number;
  }

  const status = async (number: string): Promise<string> =>
    (await call("trade.query", { out_trade_no: number })).tradeStatus;

  return Object.assign(at, { client, call, link, visit, pay, status });
}

export function newNumber(): string {
  return randomUUID().replaceAll("-", "");
}

export function paramsOf({ body }: Pick<Callback, "body">): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body.toString()));
}

/** Whether a callback says this about this payment. */
export function says(number: string, status: string) {
  return (callback: Callback) => {
    const { out_trade_no: about, trade_status } = paramsOf(callback);
    return about === number && trade_status === status;
  };
}

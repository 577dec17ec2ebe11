import type { Face, Parts } from "../base/face.ts";
import { type Faults, happens, noFaults } from "../base/faults.ts";
import { HOUR, MINUTE, SECOND } from "../base/limits.ts";
import { dueRefunds } from "../base/refunds.ts";
import { changeTrade, expiredTrades } from "../base/trades.ts";
import { type Account, openAccount } from "./account.ts";
import { createApi, failureAnswer } from "./api.ts";
import { callback, fakeCallback, WECHATPAY_FAKES } from "./callbacks.ts";
import { page } from "./pages.ts";
import { payTrade, settleRefund } from "./payments.ts";
import { consoleRefund } from "./refunds.ts";
import type { Wechatpay } from "./wechatpay.ts";

/** 15 repetitions in 24 hours and 4 minutes. */
const PAUSES_MS = [
  15 * SECOND,
  15 * SECOND,
  30 * SECOND,
  3 * MINUTE,
  10 * MINUTE,
  20 * MINUTE,
  30 * MINUTE,
  30 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  3 * HOUR,
  3 * HOUR,
  6 * HOUR,
  6 * HOUR,
];

/** WeChat Pay always probes. */
const USUAL: Partial<Faults> = { signtest_percent: 1 };

export async function createWechatpay(parts: Parts): Promise<Face> {
  const account = await openAccount(parts.keys);
  const faults = { current: noFaults(USUAL) };
  const wechatpay: Wechatpay = { ...parts, account, faults };
  return {
    name: "wechatpay",
    faults,
    usual: USUAL,
    fakes: WECHATPAY_FAKES,
    methods: [],
    pausesMs: PAUSES_MS,
    answerMs: 5 * SECOND,
    api: createApi(wechatpay),
    page: (call) => page(wechatpay, call),
    failure: (kind) => failureAnswer(wechatpay, kind),
    message: (notice, kind, as) =>
      kind === "genuine"
        ? callback(account, notice, { faults: faults.current })
        : fakeCallback(kind, account, notice, { faults: faults.current, as }),
    extras: (notice) =>
      happens(faults.current.signtest_percent)
        ? [fakeCallback("signtest", account, notice, { faults: faults.current })]
        : [],
    accepts: ({ status }) => status === 200 || status === 204,
    catchUp(sql, nowMs) {
      const expired = expiredTrades(sql, "wechatpay", nowMs);
      for (const trade of expired) changeTrade(sql, trade, { state: "closed", closeMs: nowMs });
      const refunds = dueRefunds(sql, "wechatpay", nowMs);
      for (const refund of refunds) settleRefund(wechatpay, sql, refund, refund.outcome);
      return expired.length + refunds.length > 0;
    },
    begin: (_, trade) => trade,
    pay: (sql, trade, payment) => payTrade(wechatpay, sql, trade, payment),
    settle: (sql, refund, state) => settleRefund(wechatpay, sql, refund, state),
    consoleRefund: (sql, trade, amount) => consoleRefund(wechatpay, sql, trade, amount),
    command: (name) =>
      name === "rotate-key" ? Promise.resolve({ apiV3Key: account.rotateApiV3Key() }) : undefined,
    account: () => shown(account),
  };
}

function shown(account: Account): object {
  const { merchant, publicKey, certificate } = account;
  return {
    mchid: account.mchid,
    appid: account.appid,
    merchantSerial: merchant.serial,
    merchantPrivateKey: merchant.privateKey,
    apiV3Key: account.apiV3Key(),
    publicKeyId: publicKey.serial,
    certificateSerial: certificate.serial,
    platformKeys: {
      [publicKey.serial]: publicKey.publicKey,
      [certificate.serial]: certificate.pem,
    },
    files: account.files,
  };
}

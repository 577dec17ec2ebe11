import type { Face, Parts } from "../base/face.ts";
import { noFaults } from "../base/faults.ts";
import { HOUR, MINUTE, SECOND } from "../base/limits.ts";
import { dueRefunds } from "../base/refunds.ts";
import { changeTrade, expiredTrades, tradeOf } from "../base/trades.ts";
import { type Account, openAccount } from "./account.ts";
import type { Alipay } from "./alipay.ts";
import { createApi, failureAnswer } from "./api.ts";
import { createBills } from "./bills.ts";
import { ALIPAY_FAKES, callback, fakeCallback, noticeParams, signingKey } from "./callbacks.ts";
import { page } from "./pages.ts";
import { beginTrade, finishTrade, payTrade, settleRefund } from "./payments.ts";
import { consoleRefund } from "./refunds.ts";
import { reportClosed } from "./trades.ts";

/** Eight sendings within 25 hours. */
const PAUSES_MS = [4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR];

const ANSWER_MS = 10 * SECOND;

export async function createAlipay(parts: Parts): Promise<Face> {
  const account = await openAccount(parts.keys);
  const faults = { current: noFaults() };
  const alipay: Alipay = { ...parts, account, faults };
  const bills = createBills(alipay);
  const key = () => signingKey(account, faults.current);
  return {
    name: "alipay",
    faults,
    usual: {},
    fakes: ALIPAY_FAKES,
    methods: [],
    pausesMs: PAUSES_MS,
    answerMs: ANSWER_MS,
    api: createApi(alipay, bills),
    page(call) {
      const file = bills.file(call);
      return file ? Promise.resolve(file) : page(alipay, call);
    },
    failure: (kind, call) => failureAnswer(alipay, kind, call),
    message: (notice, kind, as) =>
      kind === "genuine"
        ? callback(noticeParams(notice), key())
        : fakeCallback(kind, noticeParams(notice), { privateKey: key(), as }),
    // Exactly seven bytes: neither a line break nor quotes.
    accepts: ({ status, body }) => status === 200 && body === "success",
    catchUp(sql, nowMs) {
      const expired = expiredTrades(sql, "alipay", nowMs);
      for (const trade of expired) {
        reportClosed(alipay, sql, changeTrade(sql, trade, { state: "closed", closeMs: nowMs }));
      }
      const refunds = dueRefunds(sql, "alipay", nowMs);
      for (const refund of refunds) settleRefund(alipay, sql, refund, refund.outcome);
      return expired.length + refunds.length > 0;
    },
    begin: (sql, trade) => beginTrade(alipay, sql, trade),
    pay: (sql, trade, payment) => payTrade(alipay, sql, trade, payment),
    settle: (sql, refund, state) => settleRefund(alipay, sql, refund, state),
    consoleRefund: (sql, trade, amount) => consoleRefund(alipay, sql, trade, amount),
    command: (name, body) => command(alipay, name, body),
    account: () => shown(account),
  };
}

function command(
  { account, store, ...alipay }: Alipay,
  name: string,
  body: Record<string, unknown>,
): Promise<object> | undefined {
  switch (name) {
    case "finish":
      return store.transact((sql) => {
        const trade = tradeOf(sql, "alipay", String(body.number));
        return { finished: trade && finishTrade({ account, store, ...alipay }, sql, trade).state };
      });
    case "rotate-key":
      return account.rotate().then(({ publicKey }) => ({ publicKey }));
    default:
      return undefined;
  }
}

function shown(account: Account): object {
  return {
    appId: account.appId,
    sellerId: account.sellerId,
    merchantPrivateKey: account.merchant.privateKey,
    alipayPublicKeys: account.keys().map(({ publicKey }) => publicKey),
    files: account.files(),
  };
}

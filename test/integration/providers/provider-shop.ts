import { createPrivateKey, createPublicKey } from "node:crypto";
import type { alipayProvider } from "../../../services/pay/providers/alipay/provider.ts";
import type {
  Opening,
  PaymentProvider,
  ReadCallback,
  RefundRequest,
  StoredPayment,
} from "../../../services/pay/providers/provider.ts";
import type { wechatpayProvider } from "../../../services/pay/providers/wechatpay/provider.ts";
import type { Accounts } from "../../../simulators/providers/client.ts";
import { type Callback, type Shop, startShop } from "../simulators/simulators.ts";

export type AlipayOptions = Parameters<typeof alipayProvider>[0];
export type WechatpayOptions = Parameters<typeof wechatpayProvider>[0];

/** The settings with which the simulated Alipay is used. */
export function alipayOptions(
  account: Accounts["alipay"],
  { notifyUrl, checkout = "redirect" }: Pick<AlipayOptions, "notifyUrl"> & Partial<AlipayOptions>,
): AlipayOptions {
  return {
    appId: account.appId,
    sellerId: account.sellerId,
    privateKey: createPrivateKey(account.merchantPrivateKey),
    alipayKeys: account.alipayPublicKeys.map((pem) => createPublicKey(pem)),
    url: `${account.url}/gateway.do`,
    checkout,
    notifyUrl,
  };
}

export function wechatpayOptions(
  account: Accounts["wechatpay"],
  notifyUrl: string,
): WechatpayOptions {
  const { publicKeyId, certificateSerial, platformKeys } = account;
  return {
    mchid: account.mchid,
    appid: account.appid,
    merchantSerial: account.merchantSerial,
    privateKey: createPrivateKey(account.merchantPrivateKey),
    apiV3Keys: [Buffer.from(account.apiV3Key)],
    verifyKeys: new Map(
      [publicKeyId, certificateSerial].map((serial) => {
        return [serial, createPublicKey(platformKeys[serial] as string)];
      }),
    ),
    url: account.url,
    notifyUrl,
  };
}

/** A shop whose callbacks are answered as the provider wants. */
export function startCalledShop(provider: "alipay" | "wechatpay"): Promise<Shop> {
  const success = {
    alipay: { status: 200, body: "success" },
    wechatpay: { status: 204, body: "" },
  };
  return startShop(success[provider]);
}

let last = BigInt(Date.now()) << 22n;

/** A number of the shop's kind that was not there before. */
export function newId(): bigint {
  last += 1n;
  return last;
}

/** A payment of 123.45 yuan that expires in half an hour. */
export function newOpening(changes: Partial<Opening> = {}): Opening {
  const createTime = new Date();
  return {
    paymentId: newId(),
    orderId: 7n,
    amountCents: 12_345n,
    currency: "CNY",
    tradeId: null,
    references: {},
    createTime,
    expireTime: new Date(createTime.getTime() + 30 * 60_000),
    returnUrl: "http://127.0.0.1:9/thanks?order=7",
    description: 'Order 7: 茶 × 2, 100% + "新"',
    ...changes,
  };
}

export function refundOf(
  payment: StoredPayment,
  amountCents: bigint,
  changes: Partial<RefundRequest> = {},
): RefundRequest {
  const refundId = newId();
  return { refundId, attempt: 1, payment, amountCents, reference: null, ...changes };
}

/** What the provider reads in a callback, which arrives now or at `nowMs`. */
export function readBy(
  provider: PaymentProvider,
  { headers, body }: Pick<Callback, "headers" | "body">,
  nowMs = Date.now(),
): ReadCallback {
  const text = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return provider.readCallback({ headers: Object.fromEntries(text), body, nowMs });
}

/** Whether a callback is a notice of this kind about this payment. */
export function notices(provider: PaymentProvider, kind: string, paymentId: bigint) {
  return (callback: Callback): boolean => {
    const read = readBy(provider, callback);
    if (!read.genuine || read.notice.kind !== kind || read.notice.kind === "not_ours") return false;
    return read.notice.paymentId === paymentId;
  };
}

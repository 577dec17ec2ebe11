import { Outage } from "#platform/values/refusal.ts";
import { beijingTime } from "../beijing.ts";
import { exchange } from "../exchange.ts";
import { type Fields, wordsOf } from "../fields.ts";
import { readAnswer } from "./answer.ts";
import type { AlipaySettings } from "./config.ts";
import { formOf } from "./form.ts";
import { type Params, signParams } from "./signature.ts";

/** What of the gateway a request needs; `timestamp` is Beijing's time. */
type Call = {
  method: string;
  content: Readonly<Record<string, string>>;
  time: Date;
  notifyUrl?: string;
  returnUrl?: string;
};

/** The signed parameters of a request. */
export function requestParams(
  { appId, privateKey }: Pick<AlipaySettings, "appId" | "privateKey">,
  { method, content, time, notifyUrl, returnUrl }: Call,
): Params {
  const params = {
    app_id: appId,
    method,
    format: "JSON",
    charset: "utf-8",
    sign_type: "RSA2",
    timestamp: beijingTime(time),
    version: "1.0",
    ...(notifyUrl && { notify_url: notifyUrl }),
    ...(returnUrl && { return_url: returnUrl }),
    biz_content: JSON.stringify(content),
  };
  return signParams(params, privateKey);
}

/**
 * The address with all parameters but the content, which goes in the body: the gateway takes the
 * charset of the body from the address.
 */
export function addressAndBody(
  url: string,
  { biz_content: content = "", ...common }: Params,
): { address: string; body: { biz_content: string } } {
  return { address: `${url}?${formOf(common)}`, body: { biz_content: content } };
}

/**
 * The answer to a call, whose `code` is 10000 or 40004 (refused by the business). Throws an Outage
 * for all others, and unless Alipay signed the answer.
 */
export async function callAlipay(
  settings: Pick<AlipaySettings, "appId" | "privateKey" | "alipayKeys" | "url">,
  { method, content, notifyUrl }: Omit<Call, "time" | "returnUrl">,
): Promise<Fields> {
  const time = new Date();
  const call = { method, content, time, ...(notifyUrl && { notifyUrl }) };
  const { address, body } = addressAndBody(settings.url, requestParams(settings, call));
  const answer = await exchange(new URL(address), {
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: formOf(body),
  });
  const fields = readAnswer(answer.body, { method, keys: settings.alipayKeys });
  if (!fields) {
    throw new Outage(`alipay answered ${method} with status ${answer.status}, unsigned or wrongly`);
  }
  if (fields.code === "10000" || fields.code === "40004") return fields;
  throw unexpected(method, fields);
}

export function unexpected(method: string, fields: Fields): Outage {
  const { code, sub_code: subCode, sub_msg: message, trade_status: status } = fields;
  return new Outage(`alipay answered ${method} with ${wordsOf(code, subCode, status, message)}`);
}

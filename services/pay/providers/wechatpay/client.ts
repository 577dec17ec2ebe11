import { randomBytes } from "node:crypto";
import { Outage } from "#platform/values/refusal.ts";
import { exchange, type ProviderAnswer } from "../exchange.ts";
import { type Fields, parseObject, wordsOf } from "../fields.ts";
import type { WechatpaySettings } from "./config.ts";
import { authorization, signatureFault } from "./signature.ts";

/** How often a call is made whose answers carry probes instead of signatures. */
const MAX_TRIES = 10;

export type Call = { method: "GET" | "POST"; target: string; body?: object };

/** An answer. Only one with a 2xx status ends anything: errors may be unsigned. */
export type Answer = { status: number; fields: Fields };

/**
 * Sends a signed request, and verifies the answer. Amounts in the body are bigints. Throws an
 * Outage for an answer whose signature is wrong, for one of status 2xx without a signature, and
 * where the provider is busy or broken. Requests are repeated if WeChat Pay probes with a false
 * signature: they have numbers, so that a repetition does nothing twice.
 */
export async function callWechatpay(settings: WechatpaySettings, call: Call): Promise<Answer> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const answer = await exchangeSigned(settings, call);
    const { status } = answer;
    const fields = parseObject(answer.body) ?? {};
    if (status === 429 || status >= 500) throw unexpected(call, { status, fields });
    const fault = faultOf(settings, answer);
    if (fault === undefined) return { status, fields };
    if (fault !== "probe") throw unexpected(call, { status, fields: { code: fault } });
  }
  throw new Outage(`wechatpay answered ${call.target} with ${MAX_TRIES} false signatures in a row`);
}

/** Fetches a file, whose answer carries no signature: the caller checks its hash. */
export async function downloadWechatpay(
  settings: WechatpaySettings,
  target: string,
  bounds: { timeoutMs: number; maxBytes: number },
): Promise<Uint8Array> {
  const call: Call = { method: "GET", target };
  const { status, body } = await exchangeSigned(settings, call, bounds);
  if (status === 200) return body;
  throw unexpected(call, { status, fields: parseObject(body) ?? {} });
}

function exchangeSigned(
  settings: WechatpaySettings,
  call: Call,
  bounds: { timeoutMs?: number; maxBytes?: number } = {},
): Promise<ProviderAnswer> {
  const { method, target } = call;
  const body = call.body === undefined ? "" : jsonOf(call.body);
  const timestamp = Math.floor(Date.now() / 1_000);
  const nonce = randomBytes(16).toString("hex");
  const [serial = ""] = settings.verifyKeys.keys();
  return exchange(new URL(target, settings.url), {
    ...bounds,
    method,
    headers: {
      accept: "application/json",
      "user-agent": "jetshop",
      authorization: authorization(settings, { method, target, body }, { timestamp, nonce }),
      // The key that the answer is to be signed with.
      "wechatpay-serial": serial,
      ...(body !== "" && { "content-type": "application/json" }),
    },
    ...(body !== "" && { body }),
  });
}

/** An error without any signature passes: it is not known that all errors are signed. */
function faultOf(
  { verifyKeys }: WechatpaySettings,
  { status, headers, body }: ProviderAnswer,
): ReturnType<typeof signatureFault> {
  const isError = status < 200 || status >= 300;
  if (isError && headers["wechatpay-signature"] === undefined) return undefined;
  return signatureFault(verifyKeys, Date.now(), { headers, body });
}

/** JSON with bigints as numbers, digit for digit. */
export function jsonOf(value: object): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === "bigint" ? rawJson(String(entry)) : entry,
  );
}

// In Node since 21; TypeScript does not declare it.
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): object };

export function unexpected({ method, target }: Call, { status, fields }: Answer): Outage {
  const { code, message, trade_state: state } = fields;
  const words = wordsOf(code, state, message);
  return new Outage(`wechatpay answered ${method} ${target} with status ${status} ${words}`);
}

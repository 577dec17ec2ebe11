import type { KeyObject } from "node:crypto";
import { isSigned, signText } from "../rsa.ts";

export type Params = Readonly<Record<string, string>>;

/**
 * The signed text of parameters: `name=value` in the order of the names, joined by `&`, nothing
 * encoded or trimmed, empty values included. Source: alipay-sdk 4.14.0, lib/util.
 */
export function signedText(params: Params, without: readonly string[]): string {
  return Object.keys(params)
    .filter((name) => !without.includes(name))
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join("&");
}

/** The parameters of a request with their signature, which covers all of them. */
export function signParams(params: Params, privateKey: KeyObject): Params {
  return { ...params, sign: signText(signedText(params, ["sign"]), privateKey) };
}

/**
 * Whether a notice is signed by one of Alipay's keys. Its `sign_type` chooses nothing: another one
 * than RSA2 is refused. Notices of trades are signed without `sign_type`; some older kinds include
 * it, so both texts are tried.
 */
export function isNoticeSigned(params: Params, keys: readonly KeyObject[]): boolean {
  const { sign = "", sign_type: type = "RSA2" } = params;
  if (type !== "RSA2") return false;
  return [["sign", "sign_type"], ["sign"]].some((without) =>
    isSigned(Buffer.from(signedText(params, without), "utf8"), sign, keys),
  );
}

import type { Params } from "./signature.ts";

/** Parameters of a callback; more than any notice has. */
const MAX_PARAMS = 200;

/**
 * The parameters of a form, decoded once and otherwise as they are: values such as
 * `fund_bill_list` hold quotes. Undefined if a name is repeated: which value is signed would be
 * unclear.
 */
export function parseForm(body: Uint8Array): Params | undefined {
  const params: Record<string, string> = Object.create(null);
  let count = 0;
  // Bytes that are not UTF-8 decode to other characters, so that the signature does not fit.
  for (const [name, value] of new URLSearchParams(Buffer.from(body).toString("utf8"))) {
    count += 1;
    if (name in params || count > MAX_PARAMS) return undefined;
    params[name] = value;
  }
  return params;
}

export function formOf(params: Params): string {
  return new URLSearchParams(params).toString();
}

import type { KeyObject } from "node:crypto";
import { type Fields, parseObject } from "../fields.ts";
import { isSigned } from "../rsa.ts";

/**
 * The fields of the answer to a method; undefined unless Alipay signed it. The signature covers the
 * inner object as it stands in the text, so it is cut out, never written anew. Errors of the gateway
 * may come without a signature, as `error_response`: they prove nothing.
 */
export function readAnswer(
  body: Uint8Array,
  { method, keys }: { method: string; keys: readonly KeyObject[] },
): Fields | undefined {
  const text = Buffer.from(body).toString("utf8");
  const outer = parseObject(text);
  const sign = outer?.sign;
  const raw = outer && rawMember(text, `${method.replaceAll(".", "_")}_response`);
  if (raw === undefined || typeof sign !== "string") return undefined;
  return isSigned(Buffer.from(raw, "utf8"), sign, keys) ? parseObject(raw) : undefined;
}

/**
 * The text of a member's value as it stands in the text of a JSON object. Undefined if there is no
 * such member, or more than one.
 */
export function rawMember(text: string, name: string): string | undefined {
  const found: string[] = [];
  let key: string | undefined;
  let start = text.indexOf("{") + 1;
  let depth = 1;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && key === undefined) key = JSON.parse(text.slice(at, end + 1));
      at = end;
    } else if (character === ":" && depth === 1) {
      start = at + 1;
    } else if (character === "{" || character === "[") {
      depth += 1;
    } else if (character === "}" || character === "]" || (character === "," && depth === 1)) {
      if (character !== ",") depth -= 1;
      if (depth > 1 || (depth === 1 && character !== ",")) continue;
      if (key === name) found.push(text.slice(start, at).trim());
      key = undefined;
    }
  }
  return found.length === 1 ? found[0] : undefined;
}

/** Where the string ends that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { refused } from "./errors.ts";

/** What Connect answers INTERNAL to, and says only of requests that are no requests. */
const MALFORMED = /^(parse binary: |decompression failed$|received compressed envelope)/;

/** How protobuf-es begins what it says of JSON. */
const OF_JSON = /^cannot decode \S+ \S+ from JSON: /;

/** Of what is said of a request, which may contain any part of it. */
const MAX_DESCRIPTION = 200;

/** Digits without a quote before them that may be more than a double can hold. */
const LONG_NUMBER = /[:,[\s]-?[\d.]{16}/;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the text of a JSON request. What would be changed in silence is refused: bytes that are not UTF-8, and numbers
 * that a double cannot hold, such as an identifier of 18 digits without quotes.
 */
export const exactJson = {
  decode(bytes?: Uint8Array): string {
    const text = utf8.decode(bytes);
    if (LONG_NUMBER.test(text)) JSON.parse(text, refuseInexact as Parameters<typeof JSON.parse>[1]);
    return text;
  },
};

function refuseInexact(key: string, value: unknown, { source = "" }: { source?: string }): unknown {
  if (typeof value !== "number" || source.length < 16) return value;
  const isExact = /^-?\d+$/.test(source) && BigInt(source) === BigInt(value);
  if (!isExact) throw malformed(key, "must be written in quotes: a JSON number cannot hold it");
  return value;
}

/**
 * Makes the errors of this call that Connect finds in its request what they are at every service: INVALID_ARGUMENT, with
 * an ErrorInfo. Connect hands each of its errors to the context before it writes it, in every protocol.
 */
export function explainMalformed(context: HandlerContext): void {
  const handling = context as HandlerContext & { abort(reason?: unknown): void };
  const { abort } = handling;
  handling.abort = (reason) => {
    if (reason instanceof ConnectError) explain(reason);
    abort(reason);
  };
}

function explain(error: ConnectError): void {
  const isOurs = error.details.length > 0;
  const isMalformed = error.code === Code.InvalidArgument || MALFORMED.test(error.rawMessage);
  if (isOurs || !isMalformed) return;
  const description = error.rawMessage.replace(OF_JSON, "");
  const { code, rawMessage, message, details } = malformed(fieldOf(error), description);
  Object.assign(error, { code, rawMessage, message, details });
}

function malformed(field: string, description: string): ConnectError {
  const cut = description.slice(0, MAX_DESCRIPTION).toWellFormed();
  return refused(new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field, description: cut }]));
}

/** The field that protobuf-es could not read; "request" where it is the whole. */
function fieldOf({ cause }: ConnectError): string {
  const [, path] = /^cannot decode (?:field|oneof) (\S+) from JSON: /.exec(messageOf(cause)) ?? [];
  return path?.split(".").at(-1) ?? "request";
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : "";
}

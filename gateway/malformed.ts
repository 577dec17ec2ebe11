import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { excessOfJson } from "./count-values.ts";
import { refused } from "./errors.ts";

/**
 * Messages of Connect's errors about malformed requests. Connect gives some of them code INTERNAL.
 */
const MALFORMED = /^(parse binary: |decompression failed$|received compressed envelope)/;

/** The prefix of protobuf-es' messages about JSON. */
const OF_JSON = /^cannot decode \S+ \S+ from JSON: /;

/** Characters of a description. It may quote any part of the request. */
const MAX_DESCRIPTION = 200;

/** Finds unquoted numbers that may have more digits than a double can hold. */
const LONG_NUMBER = /[:,[\s]-?[\d.]{16}/;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes the text of a JSON request with at most so many values, and refuses what JSON.parse would
 * silently change: bytes that are not UTF-8, and numbers that a double cannot hold, such as an
 * unquoted identifier of 18 digits.
 */
export function exactJson(maxValues = Number.POSITIVE_INFINITY): TextDecoding {
  return {
    decode(bytes) {
      const text = utf8.decode(bytes);
      const excess = excessOfJson(text, maxValues);
      if (excess !== undefined) throw malformed("request", excess);
      if (LONG_NUMBER.test(text)) {
        JSON.parse(text, refuseInexact as Parameters<typeof JSON.parse>[1]);
      }
      return text;
    },
  };
}

export type TextDecoding = { decode(bytes?: Uint8Array): string };

function refuseInexact(key: string, value: unknown, { source = "" }: { source?: string }): unknown {
  if (typeof value !== "number" || source.length < 16) return value;
  const isExact = /^-?\d+$/.test(source) && BigInt(source) === BigInt(value);
  if (!isExact) throw malformed(key, "must be written in quotes: a JSON number cannot hold it");
  return value;
}

/**
 * Turns Connect's own errors about a malformed request into what every service answers for one:
 * INVALID_ARGUMENT with an ErrorInfo. In every protocol, Connect aborts the context with an error
 * before it writes that error. `onError` gets it.
 */
export function explainMalformed(
  context: HandlerContext,
  onError: (error: unknown) => void = () => {},
): void {
  const handling = context as HandlerContext & { abort(reason?: unknown): void };
  const { abort } = handling;
  handling.abort = (reason) => {
    if (reason instanceof ConnectError) explain(reason);
    if (reason !== undefined) onError(reason);
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

export function malformed(field: string, description: string): ConnectError {
  const cut = description.slice(0, MAX_DESCRIPTION).toWellFormed();
  return refused(new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field, description: cut }]));
}

/** The field that protobuf-es could not read. "request" for the request as a whole. */
function fieldOf({ cause }: ConnectError): string {
  const [, path] = /^cannot decode (?:field|oneof) (\S+) from JSON: /.exec(messageOf(cause)) ?? [];
  return path?.split(".").at(-1) ?? "request";
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : "";
}

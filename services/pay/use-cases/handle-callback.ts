import { Checks } from "#platform/values/checks.ts";
import type { RawCallback } from "../domain/notice.ts";
import { MAX_CALLBACK_BYTES } from "../limits.ts";
import {
  type AnsweringParts,
  answerCallback,
  type CallbackOutcome,
} from "./steps/answer-callback.ts";
import { checkProvider, findProvider } from "./steps/find-provider.ts";

/**
 * Takes a callback that has just arrived. Idempotent: a notice pays its payment once. While the
 * database is out of reach, the answer is the provider's failure answer, so that it calls again.
 */
export function handleCallback(
  parts: AnsweringParts,
  callback: RawCallback & { provider: string; traceparent: string },
): Promise<CallbackOutcome> {
  const { headers, body, traceparent } = callback;
  const checks = new Checks();
  checkProvider(checks, callback.provider);
  const isSmall = body.length <= MAX_CALLBACK_BYTES;
  checks.that("body", isSmall, `must have at most ${MAX_CALLBACK_BYTES} bytes`);
  checks.throwIfAny();
  const provider = findProvider(parts, callback.provider);
  const raw = { headers, body };
  return answerCallback(parts, { provider, raw, receivedMs: Date.now(), traceparent });
}

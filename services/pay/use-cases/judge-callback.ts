import { Reason, Refusal } from "#platform/values/refusal.ts";
import { readCallback } from "../store/callbacks.ts";
import { Source } from "../store/entities.ts";
import {
  type AnsweringParts,
  answerCallback,
  type CallbackOutcome,
} from "./steps/answer-callback.ts";
import { findProvider } from "./steps/find-provider.ts";

/**
 * Judges a stored callback again, as of the time when it arrived, and gives it its effect if it had
 * none. Idempotent. Refuses with INVALID_ARGUMENT unless the row is a callback.
 */
export async function judgeCallback(
  parts: AnsweringParts,
  callbackId: bigint,
): Promise<CallbackOutcome> {
  const stored = await readCallback(parts.database, callbackId);
  if (stored?.source !== Source.CALLBACK) {
    const field = "callback_id";
    const description = "is not the id of a recorded callback";
    throw new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field, description }]);
  }
  return answerCallback(parts, {
    provider: findProvider(parts, stored.provider),
    raw: { headers: stored.headers, body: stored.body },
    receivedMs: stored.receiveTime.getTime(),
    callbackId,
  });
}

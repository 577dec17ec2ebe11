import assert from "node:assert/strict";
import { type Reason, Refusal, reasonName } from "#platform/values/refusal.ts";

/** The refusal that a call is answered with; fails where it has another reason, or is answered. */
export async function refused(call: Promise<unknown>, reason: Reason): Promise<Refusal> {
  const error = await call.then(
    () => assert.fail(`was answered, and not refused with ${reasonName(reason)}`),
    (cause: unknown) => cause,
  );
  if (!(error instanceof Refusal)) throw error;
  assert.equal(reasonName(error.reason), reasonName(reason), error.message);
  return error;
}

/** The name of the reason of a refused call, or "ok". What is neither is thrown. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof Refusal) return reasonName(error.reason);
    throw error;
  }
}

import assert from "node:assert/strict";
import { type Reason, Refusal, reasonName } from "#platform/values/refusal.ts";

/** Returns the refusal of a call. Fails when the call succeeds or has another reason. */
export async function refused(call: Promise<unknown>, reason: Reason): Promise<Refusal> {
  const error = await call.then(
    () => assert.fail(`expected the refusal ${reasonName(reason)}, but the call succeeded`),
    (cause: unknown) => cause,
  );
  if (!(error instanceof Refusal)) throw error;
  assert.equal(reasonName(error.reason), reasonName(reason), error.message);
  return error;
}

/** The reason of a refused call by name, or "ok". Other errors are thrown. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof Refusal) return reasonName(error.reason);
    throw error;
  }
}

import { MAX_CENTS } from "#platform/values/amounts.ts";
import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

export type TopUp = { requestId: string; userId: bigint; amountCents: bigint };

/**
 * The refusal of malformed contents. Throws only for a malformed request id: a known one is answered
 * by what it did, even if the rules of today would refuse the contents.
 */
export function faultOf(topUp: TopUp): Refusal | undefined {
  const checks = new Checks();
  checks.requestId("request_id", topUp.requestId);
  checks.throwIfAny();
  checks.identifier("user_id", topUp.userId);
  checks.cents("amount_cents", topUp.amountCents, { min: 1n });
  return checks.refusal;
}

/** The balance after a top-up. Throws Refusal(INVALID_ARGUMENT) if it would exceed MAX_CENTS. */
export function balanceAfterTopUp(balanceCents: bigint, topUp: TopUp): bigint {
  const balanceAfter = balanceCents + topUp.amountCents;
  const checks = new Checks();
  checks.that(
    "amount_cents",
    balanceAfter <= MAX_CENTS,
    `must not raise the balance above ${MAX_CENTS}`,
  );
  checks.throwIfAny();
  return balanceAfter;
}

/** Returns the balance of the first top-up; REQUEST_ID_REUSED if its contents were different. */
export function answerRepeated(
  first: { userId: bigint; amountCents: bigint; balanceAfter: bigint },
  topUp: TopUp,
): bigint {
  if (first.userId !== topUp.userId || first.amountCents !== topUp.amountCents) {
    throw new Refusal(Reason.REQUEST_ID_REUSED, { request_id: topUp.requestId });
  }
  return first.balanceAfter;
}

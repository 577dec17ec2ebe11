import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

/**
 * What a refresh token stands for: a session and how often it had been refreshed, 1 for the token of the login. Each
 * generation has one token.
 */
export type RefreshClaim = { sessionId: bigint; generation: bigint };

export type Session = RefreshClaim & {
  userId: bigint;
  /** When the generation became the present one. */
  rotatedTime: Date;
  expireTime: Date;
  endedTime: Date | undefined;
};

/**
 * What a presented generation means: "rotate" moves the session on, "repeat" is the answer that was given before,
 * "theft" ends the session, and "dead" is a session that there is not any more.
 */
export type Verdict = "rotate" | "repeat" | "theft" | "dead";

export const FIRST_GENERATION = 1n;

/**
 * Judges a token that is proven to be the shop's own. Whoever lost an answer, or has two tabs, comes with the
 * generation before the present one at once. Later, two hold what was meant for one: which of them is the owner
 * cannot be told, so neither keeps the session. So too a generation that the session has not reached; that takes a
 * database that was set back.
 */
export function judgeRefresh(
  session: Session,
  presented: { generation: bigint; now: Date; repeatMs: number },
): Verdict {
  if (!isLive(session, presented.now)) return "dead";
  if (presented.generation === session.generation) return "rotate";
  const age = presented.now.getTime() - session.rotatedTime.getTime();
  const isPrevious = presented.generation === session.generation - 1n;
  return isPrevious && age <= presented.repeatMs ? "repeat" : "theft";
}

export function isLive({ endedTime, expireTime }: Session, now: Date): boolean {
  return endedTime === undefined && now.getTime() < expireTime.getTime();
}

/** Which of a user's live sessions, oldest first, end to make room for one more. */
export function sessionsToEnd(live: readonly bigint[], maxSessions: number): bigint[] {
  return live.slice(0, Math.max(0, live.length - maxSessions + 1));
}

/** Only what keeps the work bounded: a text that is no token of ours is answered like any other wrong one. */
export function checkRefreshToken(refreshToken: string, maxLength: number): void {
  const checks = new Checks();
  checks.text("refresh_token", refreshToken, { min: 1, max: maxLength });
  checks.throwIfAny();
}

/** The one answer to every token that refreshes nothing, whatever is wrong. */
export function refreshRefused(): Refusal {
  return new Refusal(Reason.UNAUTHENTICATED);
}

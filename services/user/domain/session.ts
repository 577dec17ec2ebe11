import { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";

/**
 * What a refresh token proves: a session and its generation, which is 1 at login and grows with
 * each refresh. Each generation has one token.
 */
export type RefreshClaim = { sessionId: bigint; generation: bigint };

export type Session = RefreshClaim & {
  userId: bigint;
  /** When the current generation began. */
  rotatedTime: Date;
  expireTime: Date;
  endedTime: Date | null;
};

/**
 * What to do with a presented generation: "rotate" moves the session to the next one, "repeat"
 * returns the last answer again, "theft" ends the session, and "dead" refuses an ended or expired
 * session.
 */
export type RefreshDecision = "rotate" | "repeat" | "theft" | "dead";

export const FIRST_GENERATION = 1n;

/**
 * Decides what an authentic token means. A client that lost the answer, or refreshes in two tabs,
 * presents the previous generation within `repeatMs`. Later, or with an older generation, two
 * parties hold the session's tokens; the owner cannot be distinguished from the thief, so the
 * session ends for both. So does a session whose token is newer than the session, which happens
 * only if the database was restored from a backup.
 */
export function decideRefresh(
  session: Session,
  presented: { generation: bigint; now: Date; repeatMs: number },
): RefreshDecision {
  if (!isLive(session, presented.now)) return "dead";
  if (presented.generation === session.generation) return "rotate";
  const age = presented.now.getTime() - session.rotatedTime.getTime();
  const isPrevious = presented.generation === session.generation - 1n;
  return isPrevious && age <= presented.repeatMs ? "repeat" : "theft";
}

export function isLive({ endedTime, expireTime }: Session, now: Date): boolean {
  return endedTime === null && now.getTime() < expireTime.getTime();
}

/** The sessions that must end to make room for one more. `live` is ordered oldest first. */
export function sessionsToEnd(live: readonly bigint[], maxSessions: number): bigint[] {
  return live.slice(0, Math.max(0, live.length - maxSessions + 1));
}

/** Checks only the length. A text that is no token of the shop is refused like any wrong token. */
export function checkRefreshToken(refreshToken: string, maxLength: number): void {
  const checks = new Checks();
  checks.text("refresh_token", refreshToken, { min: 1, max: maxLength });
  checks.throwIfAny();
}

/** The same refusal for every token that refreshes nothing, so that it reveals no reason. */
export function refreshRefused(): Refusal {
  return new Refusal(Reason.UNAUTHENTICATED);
}

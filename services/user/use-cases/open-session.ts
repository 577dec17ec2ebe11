import { FIRST_GENERATION, type Session, sessionsToEnd } from "../domain/session.ts";
import { MAX_SESSIONS, SESSION_SECONDS } from "../limits.ts";
import {
  deleteDeadSessions,
  endSessions,
  insertSession,
  lockUserForLogin,
  sessionIdsOf,
} from "../store/sessions.ts";
import { issueTokens } from "./issue-tokens.ts";
import type { Parts, SessionTokens } from "./parts.ts";

/**
 * Opens a session of a user who has proven to be that. The oldest ends where there were too many, and the rows of those
 * that ended or expired go: no user ever has more than one row beyond MAX_SESSIONS.
 */
export async function openSession(parts: Parts, userId: bigint): Promise<SessionTokens> {
  const session = await parts.database.transact("open-session", async (tx) => {
    // Logins of one user come one after the other, so that they count each other's sessions.
    const now = await lockUserForLogin(tx, userId);
    await deleteDeadSessions(tx, userId, now);
    const live = await sessionIdsOf(tx, userId);
    await endSessions(tx, sessionsToEnd(live, MAX_SESSIONS));
    const session: Session = {
      sessionId: parts.identifiers.next(),
      userId,
      generation: FIRST_GENERATION,
      rotatedTime: now,
      expireTime: new Date(now.getTime() + SESSION_SECONDS * 1_000),
      endedTime: undefined,
    };
    await insertSession(tx, session);
    return session;
  });
  return issueTokens(parts, session);
}

import { FIRST_GENERATION, type Session, sessionsToEnd } from "../../domain/session.ts";
import { MAX_SESSIONS, SESSION_SECONDS } from "../../limits.ts";
import {
  deleteDeadSessions,
  endSessions,
  insertSession,
  lockUserForLogin,
  sessionIdsOf,
} from "../../store/sessions.ts";
import type { Parts, SessionTokens } from "../parts.ts";
import { issueTokens } from "./issue-tokens.ts";

/**
 * Opens a session for an authenticated user and returns its tokens. Ends the oldest session if
 * there are too many, and deletes the rows of dead ones, so that a user never has more than
 * MAX_SESSIONS + 1 rows.
 */
export async function openSession(parts: Parts, userId: bigint): Promise<SessionTokens> {
  const session = await parts.database.transact("open-session", async (tx) => {
    // Serializes the logins of one user, so that each counts the sessions of the others.
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
      endedTime: null,
    };
    await insertSession(tx, session);
    return session;
  });
  return issueTokens(parts, session);
}

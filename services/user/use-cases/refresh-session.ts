import type { Transaction } from "#platform/db/database.ts";
import {
  checkRefreshToken,
  decideRefresh,
  type RefreshClaim,
  refreshRefused,
  type Session,
} from "../domain/session.ts";
import { MAX_REFRESH_TOKEN_LENGTH, REFRESH_REPEAT_MS } from "../limits.ts";
import { endSessions, lockSession, rotateSession } from "../store/sessions.ts";
import type { Parts, SessionTokens } from "./parts.ts";
import { issueTokens } from "./steps/issue-tokens.ts";

/**
 * Moves a session to its next generation and returns the tokens of that. For REFRESH_REPEAT_MS the
 * previous token gets the same answer again; any older one ends the session. Every token that
 * refreshes nothing gets the same refusal, UNAUTHENTICATED.
 */
export async function refreshSession(parts: Parts, refreshToken: string): Promise<SessionTokens> {
  checkRefreshToken(refreshToken, MAX_REFRESH_TOKEN_LENGTH);
  const claim = parts.refreshTokens.read(refreshToken);
  if (claim === undefined) throw refreshRefused();
  // Refuse after the commit: a refusal inside would roll back the end of a stolen session.
  const session = await parts.database.transact("refresh-session", (tx) => advance(tx, claim));
  if (session === undefined) throw refreshRefused();
  return issueTokens(parts, session);
}

/** The session after this claim; undefined if the claim refreshes nothing. */
async function advance(tx: Transaction, claim: RefreshClaim): Promise<Session | undefined> {
  const { sessionId, generation } = claim;
  const locked = await lockSession(tx, sessionId);
  if (locked === undefined) return undefined;
  const { session, now } = locked;
  switch (decideRefresh(session, { generation, now, repeatMs: REFRESH_REPEAT_MS })) {
    case "rotate":
      await rotateSession(tx, session);
      return { ...session, generation: session.generation + 1n };
    case "repeat":
      return session;
    case "theft":
      await endSessions(tx, [sessionId]);
      return undefined;
    case "dead":
      return undefined;
  }
}

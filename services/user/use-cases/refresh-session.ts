import type { Transaction } from "#platform/db/database.ts";
import {
  checkRefreshToken,
  judgeRefresh,
  type RefreshClaim,
  refreshRefused,
  type Session,
} from "../domain/session.ts";
import { MAX_REFRESH_TOKEN_LENGTH, REFRESH_REPEAT_MS } from "../limits.ts";
import { endSessions, lockSession, rotateSession } from "../store/sessions.ts";
import { issueTokens } from "./issue-tokens.ts";
import type { Parts, SessionTokens } from "./parts.ts";

/**
 * Moves a session on and answers the tokens of its next generation; for a while the same ones to whoever asks with the
 * generation before. Any other that the session once had ends it. All that refreshes nothing is refused alike.
 */
export async function refreshSession(parts: Parts, refreshToken: string): Promise<SessionTokens> {
  checkRefreshToken(refreshToken, MAX_REFRESH_TOKEN_LENGTH);
  const claim = parts.refreshTokens.read(refreshToken);
  if (claim === undefined) throw refreshRefused();
  // Refused only once it is committed: a refusal inside would take the end of a stolen session back.
  const session = await parts.database.transact("refresh-session", (tx) => moveOn(tx, claim));
  if (session === undefined) throw refreshRefused();
  return issueTokens(parts, session);
}

/** The session as it is now; undefined where there is none for this claim, or not any more. */
async function moveOn(tx: Transaction, claim: RefreshClaim): Promise<Session | undefined> {
  const { sessionId, generation } = claim;
  const locked = await lockSession(tx, sessionId);
  if (locked === undefined) return undefined;
  const { session, now } = locked;
  switch (judgeRefresh(session, { generation, now, repeatMs: REFRESH_REPEAT_MS })) {
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

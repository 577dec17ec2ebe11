import { checkRefreshToken } from "../domain/session.ts";
import { MAX_REFRESH_TOKEN_LENGTH } from "../limits.ts";
import { endSessions } from "../store/sessions.ts";
import type { Parts } from "./parts.ts";

/**
 * Ends the session of a refresh token of any generation. Every other text gets the same answer, so
 * that it does not reveal whether there was a session. Idempotent.
 */
export async function logout(parts: Parts, refreshToken: string): Promise<void> {
  checkRefreshToken(refreshToken, MAX_REFRESH_TOKEN_LENGTH);
  const claim = parts.refreshTokens.read(refreshToken);
  if (claim === undefined) return;
  await parts.database.transact("end-session", (tx) => endSessions(tx, [claim.sessionId]));
}

import { checkRefreshToken } from "../domain/session.ts";
import { MAX_REFRESH_TOKEN_LENGTH } from "../limits.ts";
import { endSessions } from "../store/sessions.ts";
import type { Parts } from "./parts.ts";

/**
 * Ends the session of a refresh token, of whatever generation: an old one in strange hands would end it as well. Any
 * other text is answered the same, so that the answer never says whether there was a session, and a client is done
 * whatever it held.
 */
export async function logout(parts: Parts, refreshToken: string): Promise<void> {
  checkRefreshToken(refreshToken, MAX_REFRESH_TOKEN_LENGTH);
  const claim = parts.refreshTokens.read(refreshToken);
  if (claim === undefined) return;
  await parts.database.transact("end-session", (tx) => endSessions(tx, [claim.sessionId]));
}

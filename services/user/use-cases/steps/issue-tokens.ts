import type { Session } from "../../domain/session.ts";
import type { Parts, SessionTokens } from "../parts.ts";

/** A new access token, and the refresh token of the session's generation, always the same. */
export async function issueTokens(
  { refreshTokens, issueToken }: Parts,
  session: Session,
): Promise<SessionTokens> {
  return {
    ...(await issueToken(session.userId)),
    refreshToken: refreshTokens.write(session),
    refreshExpireTime: session.expireTime,
  };
}

import type { Session } from "../domain/session.ts";
import type { Parts, SessionTokens } from "./parts.ts";

/** The tokens of a session as it is: a new access token, and always the same refresh token for its generation. */
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

import { createContextKey } from "@connectrpc/connect";
import { ANONYMOUS, type Caller } from "#platform/rpc/call.ts";
import { bearerToken, type TokenVerifier } from "#platform/rpc/tokens.ts";
import { Refusal } from "#platform/values/refusal.ts";
import { accessCookie } from "./sessions.ts";

/** The caller, and the token that proves it. The token is passed on: the services verify it too. */
export type Identity = {
  caller: Caller;
  token: string | undefined;
  /** Why the access cookie was ignored. A method that needs a caller answers it. */
  refusal?: Refusal | undefined;
};

export const IDENTITY = createContextKey<Identity>({ caller: ANONYMOUS, token: undefined });

/**
 * The caller of a request. A bad authorization header throws UNAUTHENTICATED, also for public
 * methods. Without that header the access cookie counts. A bad cookie is ignored, because a browser
 * sends it whether or not the page wants to: the caller is then anonymous.
 */
export async function identify(
  headers: Headers,
  { tokens, secureCookies }: { tokens: TokenVerifier; secureCookies: boolean },
): Promise<Identity> {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const token = bearerToken(authorization);
    return { caller: await tokens.verify(token), token };
  }
  const token = accessCookie(headers, secureCookies);
  if (token !== undefined) {
    try {
      return { caller: await tokens.verify(token), token };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { caller: ANONYMOUS, token: undefined, refusal: error };
    }
  }
  return { caller: ANONYMOUS, token: undefined };
}

import { createContextKey } from "@connectrpc/connect";
import type { Caller } from "#platform/rpc/access.ts";
import { type TokenVerifier, unauthenticated } from "#platform/rpc/tokens.ts";
import { accessCookie } from "./sessions.ts";

/** Who calls, and the token that says so, which the services verify once more. */
export type Identity = { caller: Caller; token: string | undefined };

export const IDENTITY = createContextKey<Identity>({
  caller: { kind: "anonymous" },
  token: undefined,
});

/**
 * From the authorization header; a bad one is refused, also by public methods. Without one, from the cookie; a bad one
 * counts for nothing there, for a browser sends it whether or not the page wants it. Throws UNAUTHENTICATED.
 */
export async function identify(headers: Headers, tokens: TokenVerifier): Promise<Identity> {
  const authorization = headers.get("authorization");
  if (authorization !== null) {
    const token = /^bearer (\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw unauthenticated();
    return { caller: await tokens.verify(token), token };
  }
  const token = accessCookie(headers);
  if (token !== undefined) {
    try {
      return { caller: await tokens.verify(token), token };
    } catch {
      // Anonymous: what needs a caller says so.
    }
  }
  return { caller: { kind: "anonymous" }, token: undefined };
}

import type { DescMethod, Message } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { parseCookie, stringifySetCookie } from "cookie";
import { unauthenticated } from "#platform/rpc/tokens.ts";
import {
  type LoginResponse,
  type RefreshSessionResponse,
  UserService,
} from "#proto/shop/user/v1/user_pb.ts";

/** A client that sends `Shop-Session: cookie` gets the tokens as cookies, which no script can read, and not as text. */
export const SESSION_HEADER = "shop-session";

const ACCESS = "shop_access";
const REFRESH = "shop_refresh";
/** The longer token travels only where it is used. */
const REFRESH_PATH = `/${UserService.typeName}`;

const { login, refreshSession, logout } = UserService.method;

/** The access token that a browser sent along. */
export function accessCookie(headers: Headers): string | undefined {
  return cookieOf(headers, ACCESS);
}

/**
 * Puts the refresh token of the cookie into a request that has none. To refresh a session that is only in cookies and is
 * not there is UNAUTHENTICATED: the page is to sign in again.
 */
export function fillFromCookies(method: DescMethod, request: Message, headers: Headers): void {
  if (method !== refreshSession && method !== logout) return;
  const fields = request as Message & { refreshToken: string };
  fields.refreshToken ||= cookieOf(headers, REFRESH) ?? "";
  const isMissing = fields.refreshToken === "" && wantsCookies(headers);
  if (isMissing && method === refreshSession) throw unauthenticated();
}

/** A browser that signs out when its cookie is over already: nothing is left but to clear what it still has. */
export function hasNoSession(method: DescMethod, request: Message, headers: Headers): boolean {
  if (method !== logout || !wantsCookies(headers)) return false;
  return (request as Message & { refreshToken: string }).refreshToken === "";
}

/** Moves the tokens of an answer into cookies where the client asked for it, and clears them at the end. */
export function keepInCookies(
  method: DescMethod,
  answer: Message,
  context: Pick<HandlerContext, "requestHeader" | "responseHeader">,
  secure: boolean,
): void {
  if (!wantsCookies(context.requestHeader)) return;
  const set = (name: string, path: string, value: string, maxAge: number) =>
    context.responseHeader.append(
      "set-cookie",
      stringifySetCookie({ name, value, path, maxAge, httpOnly: true, sameSite: "strict", secure }),
    );
  if (method === login || method === refreshSession) {
    const session = answer as LoginResponse | RefreshSessionResponse;
    set(ACCESS, "/", session.accessToken, secondsUntil(session.expireTime));
    set(REFRESH, REFRESH_PATH, session.refreshToken, secondsUntil(session.refreshExpireTime));
    session.accessToken = "";
    session.refreshToken = "";
  } else if (method === logout) {
    set(ACCESS, "/", "", 0);
    set(REFRESH, REFRESH_PATH, "", 0);
  }
}

function wantsCookies(headers: Headers): boolean {
  return headers.get(SESSION_HEADER) === "cookie";
}

/**
 * A cookie counts only in a request that says which page sends it. Origins that may not call are refused before, so
 * that no other page can use a browser's cookies (CSRF); SameSite=Strict keeps the browser from sending them there.
 */
function cookieOf(headers: Headers, name: string): string | undefined {
  if (!headers.has("origin")) return undefined;
  return parseCookie(headers.get("cookie") ?? "")[name] || undefined;
}

function secondsUntil(time: Timestamp | undefined): number {
  return time ? Math.max(0, Math.floor((timestampMs(time) - Date.now()) / 1_000)) : 0;
}

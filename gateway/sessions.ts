import type { DescMethod, Message } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { parseCookie, stringifySetCookie } from "cookie";
import { unauthenticated } from "#platform/rpc/tokens.ts";
import {
  type LoginRequest,
  type LoginResponse,
  type RefreshSessionResponse,
  UserService,
} from "#proto/shop/user/v1/user_pb.ts";

/**
 * A client that sends `Shop-Session: cookie` gets its tokens as cookies, which scripts cannot read,
 * and not in the response.
 */
export const SESSION_HEADER = "Shop-Session";
export const COOKIES_WANTED = "cookie";
export const ACCESS_COOKIE = "shop_access";
const REFRESH_COOKIE = "shop_refresh";
const DEVICE_COOKIE = "shop_device";
/** Without https, browsers send the refresh token only to the service that uses it. */
const REFRESH_PATH = `/${UserService.typeName}`;
const DEVICE_PATH = `${REFRESH_PATH}/${UserService.method.login.name}`;
/** The longest that browsers keep a cookie. */
const DEVICE_SECONDS = 400 * 24 * 3_600;

const { login, refreshSession, logout } = UserService.method;

/**
 * Where a cookie is kept. Over https only this host can set a cookie named `__Host-`, so that no
 * other host of the domain can plant a session of its own. Such a cookie is for all paths.
 */
function placeOf(name: string, path: string, secure: boolean): { name: string; path: string } {
  return secure ? { name: `__Host-${name}`, path: "/" } : { name, path };
}

/** The access token in a browser's cookies. `secure` is whether cookies are for https only. */
export function accessCookie(headers: Headers, secure: boolean): string | undefined {
  return cookieOf(headers, ACCESS_COOKIE, secure);
}

/**
 * Fills in the refresh token or the device token from the cookies if the request has none.
 * RefreshSession without a refresh token throws UNAUTHENTICATED if the client uses cookies: the page
 * has to sign in again.
 */
export function fillFromCookies(
  method: DescMethod,
  request: Message,
  { requestHeader: headers }: Pick<HandlerContext, "requestHeader">,
  secure: boolean,
): void {
  if (method === login) {
    const fields = request as LoginRequest;
    fields.deviceToken ||= cookieOf(headers, DEVICE_COOKIE, secure) ?? "";
  }
  if (method !== refreshSession && method !== logout) return;
  const fields = request as Message & { refreshToken: string };
  fields.refreshToken ||= cookieOf(headers, REFRESH_COOKIE, secure) ?? "";
  const isMissing = fields.refreshToken === "" && wantsCookies(headers);
  if (isMissing && method === refreshSession) throw unauthenticated();
}

/**
 * Whether a browser signs out after its refresh cookie expired: only its cookies are left to clear.
 */
export function hasNoSession(method: DescMethod, request: Message, headers: Headers): boolean {
  if (method !== logout || !wantsCookies(headers)) return false;
  return (request as Message & { refreshToken: string }).refreshToken === "";
}

/** If the client uses cookies, moves the tokens of a response into cookies; Logout clears them. */
export function keepInCookies(
  method: DescMethod,
  answer: Message,
  context: Pick<HandlerContext, "requestHeader" | "responseHeader">,
  secure: boolean,
): void {
  if (!wantsCookies(context.requestHeader)) return;
  const set = (name: string, path: string, value: string, maxAge: number) => {
    const kept = { value, maxAge, httpOnly: true, sameSite: "strict", secure } as const;
    const text = stringifySetCookie({ ...placeOf(name, path, secure), ...kept });
    context.responseHeader.append("set-cookie", text);
  };
  if (method === login || method === refreshSession) {
    const session = answer as LoginResponse | RefreshSessionResponse;
    set(ACCESS_COOKIE, "/", session.accessToken, secondsUntil(session.expireTime));
    set(
      REFRESH_COOKIE,
      REFRESH_PATH,
      session.refreshToken,
      secondsUntil(session.refreshExpireTime),
    );
    session.accessToken = "";
    session.refreshToken = "";
    if (method === login) {
      const { deviceToken } = answer as LoginResponse;
      set(DEVICE_COOKIE, DEVICE_PATH, deviceToken, DEVICE_SECONDS);
      (answer as LoginResponse).deviceToken = "";
    }
  } else if (method === logout) {
    set(ACCESS_COOKIE, "/", "", 0);
    set(REFRESH_COOKIE, REFRESH_PATH, "", 0);
  }
}

function wantsCookies(headers: Headers): boolean {
  return headers.get(SESSION_HEADER) === COOKIES_WANTED;
}

/**
 * A cookie counts only in a request with an Origin. Origins that are not allowed are refused
 * before, so that other pages cannot use a browser's cookies (CSRF). With SameSite=Strict, browsers
 * do not send them from pages of other sites either.
 */
function cookieOf(headers: Headers, name: string, secure: boolean): string | undefined {
  if (!headers.has("origin")) return undefined;
  const cookies = parseCookie(headers.get("cookie") ?? "");
  return cookies[placeOf(name, "/", secure).name] || undefined;
}

function secondsUntil(time: Timestamp | undefined): number {
  return time ? Math.max(0, Math.floor((timestampMs(time) - Date.now()) / 1_000)) : 0;
}

import assert from "node:assert/strict";
import { parseSetCookie } from "cookie";
import { type Edge, REFRESH_TOKEN, startEdge, USER_ID } from "./edge.ts";

const ORIGIN = "https://shop.example";
const USER_PATH = "/shop.user.v1.UserService";
const AS_COOKIE = { origin: ORIGIN, "shop-session": "cookie" };

describe("gateway: sessions in cookies", () => {
  let edge: Edge;
  let access: string;

  before(async () => {
    edge = await startEdge({ env: { SHOP_ALLOWED_ORIGINS: ORIGIN } });
    access = await edge.token(USER_ID);
  });
  beforeEach(() => {
    edge.heard.length = 0;
  });
  after(() => edge?.stop());

  async function call(
    method: string,
    { headers = {}, body = {}, to = edge }: { headers?: object; body?: object; to?: Edge } = {},
  ) {
    const response = await fetch(`${to.url}${USER_PATH}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    const cookies = response.headers.getSetCookie().map((text) => parseSetCookie(text));
    return { status: response.status, answer, cookies };
  }
  const heard = () => edge.heard.map(({ method, request }) => ({ method, ...request }));
  const cookie = (token: string) => ({ cookie: `other=1; shop_access=${token}` });
  const refreshCookie = (token: string) => ({ cookie: `shop_refresh=${token}` });

  it("are set at login and refresh, where the client asks for it, and leave the answer", async () => {
    for (const method of ["Login", "RefreshSession"]) {
      const headers = { ...AS_COOKIE, ...refreshCookie(REFRESH_TOKEN) };
      const { status, answer, cookies } = await call(method, { headers });
      assert.equal(status, 200);
      assert.doesNotMatch(JSON.stringify(answer), /token|eyJ|refresh-1/i);
      assert.ok(answer.expireTime && answer.refreshExpireTime);
      const [first, second] = cookies;
      assert.equal(cookies.length, 2);
      const { value, maxAge, ...rest } = first ?? {};
      const common = { httpOnly: true, sameSite: "strict" };
      assert.deepEqual({ ...rest }, { name: "shop_access", path: "/", ...common });
      assert.match(value ?? "", /^eyJ/);
      assert.ok(Number(maxAge) > 880 && Number(maxAge) <= 900);
      const { maxAge: refreshAge, ...refresh } = second ?? {};
      const named = { name: "shop_refresh", value: REFRESH_TOKEN, path: USER_PATH };
      assert.deepEqual({ ...refresh }, { ...named, ...common });
      assert.ok(Number(refreshAge) > 3_580 && Number(refreshAge) <= 3_600);
    }
  });

  it("are not set where the client does not ask: then the tokens are in the answer", async () => {
    for (const headers of [{}, { origin: ORIGIN }, { "shop-session": "token" }]) {
      const { answer, cookies } = await call("Login", { headers });
      assert.deepEqual(cookies, []);
      assert.equal(answer.refreshToken, REFRESH_TOKEN);
      assert.match(String(answer.accessToken), /^eyJ/);
    }
  });

  it("travel by https alone in production", async () => {
    const production = await startEdge({
      production: true,
      env: { SHOP_ALLOWED_ORIGINS: ORIGIN },
    });
    try {
      const { cookies } = await call("Login", { headers: AS_COOKIE, to: production });
      assert.deepEqual(
        cookies.map(({ secure, httpOnly }) => [secure, httpOnly]),
        [
          [true, true],
          [true, true],
        ],
      );
    } finally {
      await production.stop();
    }
  });

  it("say who calls, in a request of an allowed origin", async () => {
    const { status } = await call("GetUser", { headers: { origin: ORIGIN, ...cookie(access) } });
    assert.equal(status, 200);
    assert.deepEqual(edge.heard[0]?.caller, { kind: "user", userId: USER_ID });
    assert.deepEqual(heard(), [{ method: "getUser", userId: USER_ID }]);
  });

  it("count for nothing where the request tells no origin", async () => {
    assert.equal((await call("GetUser", { headers: cookie(access) })).status, 401);
    const headers = refreshCookie(REFRESH_TOKEN);
    assert.notEqual((await call("RefreshSession", { headers })).status, 200);
    await call("Logout", { headers });
    const tokens = edge.heard.map(({ request }) => Object.values(request)[0]);
    assert.deepEqual(new Set(tokens), new Set([""]));
  });

  it("never get past the door from an origin that is not allowed", async () => {
    const foreign = { origin: "https://evil.example", "shop-session": "cookie" };
    for (const method of ["GetUser", "RefreshSession", "Logout", "Login"]) {
      const sent = { ...foreign, cookie: `shop_access=${access}; shop_refresh=${REFRESH_TOKEN}` };
      const response = await fetch(`${edge.url}${USER_PATH}/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...sent },
        body: "{}",
      });
      assert.equal(response.status, 403);
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
    assert.deepEqual(edge.heard, []);
  });

  it("yield to a token in the authorization header, also to one that is refused", async () => {
    const other = await edge.token(8n);
    const headers = { origin: ORIGIN, ...cookie(access), authorization: `Bearer ${other}` };
    assert.equal((await call("GetUser", { headers })).status, 200);
    assert.deepEqual(edge.heard[0]?.caller, { kind: "user", userId: 8n });
    const forged = { ...headers, authorization: "Bearer nothing" };
    assert.equal((await call("GetUser", { headers: forged })).status, 401);
    assert.equal(edge.heard.length, 1);
  });

  it("that are bad make an anonymous caller, so that signing in again works", async () => {
    for (const bad of ["", "nothing", access.slice(0, -4), '"', "a".repeat(4_000), "%00"]) {
      edge.heard.length = 0;
      const headers = { ...AS_COOKIE, ...cookie(bad) };
      assert.equal((await call("Login", { headers })).status, 200, bad);
      assert.deepEqual(edge.heard[0]?.caller, { kind: "anonymous" }, bad);
      assert.equal((await call("GetUser", { headers })).status, 401, bad);
      assert.equal(edge.heard.length, 1);
    }
  });

  it("bring the refresh token, unless the request has one itself", async () => {
    const headers = { ...AS_COOKIE, ...refreshCookie(REFRESH_TOKEN) };
    await call("RefreshSession", { headers });
    await call("Logout", { headers });
    await call("Logout", { headers, body: { refreshToken: "own" } });
    assert.deepEqual(heard(), [
      { method: "refreshSession", refreshToken: REFRESH_TOKEN },
      { method: "logout", refreshToken: REFRESH_TOKEN },
      { method: "logout", refreshToken: "own" },
    ]);
  });

  it("are cleared at logout, also by a browser that has lost its refresh token", async () => {
    for (const kept of [refreshCookie(REFRESH_TOKEN), cookie(access), {}]) {
      const { status, answer, cookies } = await call("Logout", {
        headers: { ...AS_COOKIE, ...kept },
      });
      assert.deepEqual([status, answer], [200, {}]);
      const cleared = cookies.map(({ name, value, path, maxAge }) => [name, value, path, maxAge]);
      assert.deepEqual(cleared, [
        ["shop_access", "", "/", 0],
        ["shop_refresh", "", USER_PATH, 0],
      ]);
    }
  });

  it("that are missing make a refresh UNAUTHENTICATED, and set none", async () => {
    const { status, answer, cookies } = await call("RefreshSession", { headers: AS_COOKIE });
    assert.deepEqual([status, answer.code, cookies], [401, "unauthenticated", []]);
  });
});

import assert from "node:assert/strict";
import { parseSetCookie } from "cookie";
import { DEVICE_TOKEN, type Edge, REFRESH_TOKEN, startEdge, USER_ID } from "./edge.ts";

const ORIGIN = "https://shop.example";
const USER_PATH = "/shop.user.v1.UserService";
const AS_COOKIE = { origin: ORIGIN, "shop-session": "cookie" };

describe("session cookies of the gateway", () => {
  let edge: Edge;
  let access: string;

  before(async () => {
    edge = await startEdge({ env: { SHOP_ALLOWED_ORIGINS: ORIGIN } });
    access = await edge.token(USER_ID);
  });
  beforeEach(() => {
    edge.calls.length = 0;
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
  const received = () => edge.calls.map(({ method, request }) => ({ method, ...request }));
  const cookie = (token: string) => ({ cookie: `other=1; shop_access=${token}` });
  const refreshCookie = (token: string) => ({ cookie: `shop_refresh=${token}` });

  it("replace the tokens in the answers of Login and RefreshSession on request", async () => {
    for (const method of ["Login", "RefreshSession"]) {
      const headers = { ...AS_COOKIE, ...refreshCookie(REFRESH_TOKEN) };
      const { status, answer, cookies } = await call(method, { headers });
      assert.equal(status, 200);
      assert.doesNotMatch(JSON.stringify(answer), /token|eyJ|refresh-1/i);
      assert.ok(answer.expireTime && answer.refreshExpireTime);
      const [first, second, ...others] = cookies;
      assert.equal(others.length, method === "Login" ? 1 : 0);
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

  it("keep the token of the device for the next login there, also after a logout", async () => {
    const { answer, cookies } = await call("Login", { headers: AS_COOKIE });
    assert.equal(answer.deviceToken, undefined);
    const device = cookies.find(({ name }) => name === "shop_device");
    assert.deepEqual(
      { ...device },
      {
        name: "shop_device",
        value: DEVICE_TOKEN,
        path: `${USER_PATH}/Login`,
        maxAge: 400 * 24 * 3_600,
        httpOnly: true,
        sameSite: "strict",
      },
    );
    const left = await call("Logout", { headers: { ...AS_COOKIE, ...refreshCookie("x") } });
    assert.ok(left.cookies.every(({ name }) => name !== "shop_device"));
    edge.calls.length = 0;
    const headers = { ...AS_COOKIE, cookie: `shop_device=${DEVICE_TOKEN}` };
    await call("Login", { headers, body: { userName: "ada" } });
    await call("Login", { headers, body: { userName: "ada", deviceToken: "own" } });
    assert.deepEqual(
      edge.calls.map(({ request }) => (request as { deviceToken?: string }).deviceToken),
      [DEVICE_TOKEN, "own"],
    );
  });

  it("are not set unless the client asks; then the answer carries the tokens", async () => {
    for (const headers of [{}, { origin: ORIGIN }, { "shop-session": "token" }]) {
      const { answer, cookies } = await call("Login", { headers });
      assert.deepEqual(cookies, []);
      assert.equal(answer.refreshToken, REFRESH_TOKEN);
      assert.match(String(answer.accessToken), /^eyJ/);
    }
  });

  it("are Secure, HttpOnly and of this host alone in production", async () => {
    const production = await startEdge({
      production: true,
      env: { SHOP_ALLOWED_ORIGINS: ORIGIN },
    });
    try {
      const { cookies } = await call("Login", { headers: AS_COOKIE, to: production });
      assert.deepEqual(
        cookies.map(({ name, path, domain, secure, httpOnly }) =>
          [name, path, domain, secure, httpOnly].map(String).join(" "),
        ),
        ["access", "refresh", "device"].map((name) => `__Host-shop_${name} / undefined true true`),
      );
      // Another host of the domain could have set the cookies of the other names.
      const request = { headers: { ...AS_COOKIE, ...refreshCookie("planted") }, to: production };
      assert.equal((await call("RefreshSession", request)).status, 401);
      const own = { ...AS_COOKIE, cookie: `__Host-shop_refresh=${REFRESH_TOKEN}` };
      assert.equal((await call("RefreshSession", { headers: own, to: production })).status, 200);
    } finally {
      await production.stop();
    }
  });

  it("authenticate a request from an allowed origin", async () => {
    const { status } = await call("GetUser", { headers: { origin: ORIGIN, ...cookie(access) } });
    assert.equal(status, 200);
    assert.deepEqual(edge.calls[0]?.caller, { kind: "user", userId: USER_ID });
    assert.deepEqual(received(), [{ method: "getUser", userId: USER_ID }]);
  });

  it("are ignored in a request without an Origin header", async () => {
    assert.equal((await call("GetUser", { headers: cookie(access) })).status, 401);
    const headers = refreshCookie(REFRESH_TOKEN);
    assert.notEqual((await call("RefreshSession", { headers })).status, 200);
    await call("Logout", { headers });
    const tokens = edge.calls.map(({ request }) => Object.values(request)[0]);
    assert.deepEqual(new Set(tokens), new Set([""]));
  });

  it("do not help a foreign origin: every request is 403 and reaches no service", async () => {
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
    assert.deepEqual(edge.calls, []);
  });

  it("yield to the authorization header, even if its token is refused", async () => {
    const other = await edge.token(8n);
    const headers = { origin: ORIGIN, ...cookie(access), authorization: `Bearer ${other}` };
    assert.equal((await call("GetUser", { headers })).status, 200);
    assert.deepEqual(edge.calls[0]?.caller, { kind: "user", userId: 8n });
    const forged = { ...headers, authorization: "Bearer nothing" };
    assert.equal((await call("GetUser", { headers: forged })).status, 401);
    assert.equal(edge.calls.length, 1);
  });

  it("with an invalid token make the caller anonymous, so that signing in again works", async () => {
    for (const bad of ["", "nothing", access.slice(0, -4), '"', "a".repeat(4_000), "%00"]) {
      edge.calls.length = 0;
      const headers = { ...AS_COOKIE, ...cookie(bad) };
      assert.equal((await call("Login", { headers })).status, 200, bad);
      assert.deepEqual(edge.calls[0]?.caller, { kind: "anonymous" }, bad);
      assert.equal((await call("GetUser", { headers })).status, 401, bad);
      assert.equal(edge.calls.length, 1);
    }
  });

  it("supply the refresh token unless the request names one", async () => {
    const headers = { ...AS_COOKIE, ...refreshCookie(REFRESH_TOKEN) };
    await call("RefreshSession", { headers });
    await call("Logout", { headers });
    await call("Logout", { headers, body: { refreshToken: "own" } });
    assert.deepEqual(received(), [
      { method: "refreshSession", refreshToken: REFRESH_TOKEN },
      { method: "logout", refreshToken: REFRESH_TOKEN },
      { method: "logout", refreshToken: "own" },
    ]);
  });

  it("are cleared by Logout, also when the refresh token is missing", async () => {
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

  it("are not set by a RefreshSession without a token, which is UNAUTHENTICATED", async () => {
    const { status, answer, cookies } = await call("RefreshSession", { headers: AS_COOKIE });
    assert.deepEqual([status, answer.code, cookies], [401, "unauthenticated", []]);
  });
});

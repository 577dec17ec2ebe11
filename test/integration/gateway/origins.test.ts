import assert from "node:assert/strict";
import { gatewayConfig } from "../../../gateway/config.ts";
import { http1, http2, type Wire } from "../../../testbed/calls/wire.ts";
import { type Edge, startEdge } from "./edge.ts";

const ORIGIN = "https://shop.example";
const LOGIN = "/shop.user.v1.UserService/Login";
const JSON_TYPE = { "content-type": "application/json" };
const BODY = Buffer.from("{}");

const ALLOWED = [ORIGIN, "http://127.0.0.1:8080", "http://localhost:1", "http://localhost:65535"];
const FOREIGN = [
  "https://evil.example",
  "https://shop.example.evil.example",
  "https://evilshop.example",
  "https://sub.shop.example",
  "https://shop.example:8443",
  "https://shop.example@evil.example",
  "https://user@shop.example",
  "http://shop.example",
  "http://127.0.0.1:8081",
  "http://127.0.0.1",
  "https://localhost:1",
  "http://localhost.evil.example:1",
  "http://[::1]:8080",
  "file://",
  "chrome-extension://shop.example",
  "null",
  "*",
  "",
  "shop.example",
  `${ORIGIN}, ${ORIGIN}`,
  `${ORIGIN} https://evil.example`,
];

describe("allowed origins of the gateway", () => {
  let edge: Edge;
  let wires: Record<"HTTP/1.1" | "HTTP/2", Wire>;

  before(async () => {
    const origins = `${ORIGIN},http://127.0.0.1:8080,http://localhost:*`;
    edge = await startEdge({ env: { SHOP_ALLOWED_ORIGINS: origins } });
    wires = { "HTTP/1.1": http1(edge.url), "HTTP/2": http2(edge.url) };
  });
  beforeEach(() => {
    edge.calls.length = 0;
  });
  after(async () => {
    for (const wire of Object.values(wires ?? {})) wire.close();
    await edge?.stop();
  });

  const listOf = (header = "") => header.toLowerCase().split(/, */);

  for (const http of ["HTTP/1.1", "HTTP/2"] as const) {
    describe(`over ${http}`, () => {
      const send = (headers: Record<string, string>, { method = "POST", path = LOGIN } = {}) =>
        wires[http].send({
          path,
          method,
          headers,
          body: method === "POST" ? BODY : Buffer.alloc(0),
        });
      const preflight = (origin: string, names = "content-type,connect-protocol-version") =>
        send(
          {
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": names,
          },
          { method: "OPTIONS" },
        );

      it("get a preflight answer that lists the headers they may send", async () => {
        for (const origin of ALLOWED) {
          const { http: status, headers } = await preflight(origin);
          assert.equal(status, 204, origin);
          assert.equal(headers["access-control-allow-origin"], origin);
          assert.equal(headers["access-control-allow-credentials"], "true");
          assert.equal(headers["access-control-allow-methods"], "POST,GET");
          assert.equal(headers["access-control-max-age"], "7200");
          assert.ok(listOf(headers.vary).includes("origin"));
          const names = listOf(headers["access-control-allow-headers"]);
          for (const name of [
            "content-type",
            "connect-protocol-version",
            "connect-timeout-ms",
            "grpc-timeout",
            "x-grpc-web",
            "x-user-agent",
            "authorization",
            "shop-session",
            "traceparent",
            "x-request-id",
          ]) {
            assert.ok(names.includes(name), name);
          }
          assert.ok(!names.includes("*") && !names.includes("cookie"));
        }
        assert.deepEqual(edge.calls, []);
      });

      it("are echoed in answers, never as *, with the headers that a page may read", async () => {
        for (const origin of ALLOWED) {
          const { http: status, headers } = await send({ ...JSON_TYPE, origin });
          assert.equal(status, 200, origin);
          assert.equal(headers["access-control-allow-origin"], origin);
          assert.equal(headers["access-control-allow-credentials"], "true");
          assert.ok(listOf(headers.vary).includes("origin"));
          const names = listOf(headers["access-control-expose-headers"]);
          for (const name of ["retry-after", "x-request-id", "grpc-status", "grpc-message"]) {
            assert.ok(names.includes(name), name);
          }
        }
      });

      it("are echoed in error answers too, so that a page can read the error", async () => {
        const path = "/shop.user.v1.UserService/GetUser";
        const calls: [number, Record<string, string>, string][] = [
          [401, JSON_TYPE, path],
          [401, { ...JSON_TYPE, authorization: "Bearer nothing" }, LOGIN],
          [400, { ...JSON_TYPE, "connect-timeout-ms": "nothing" }, LOGIN],
          [415, { "content-type": "text/plain" }, LOGIN],
          [200, { "content-type": "application/grpc-web+proto" }, path],
          [404, JSON_TYPE, "/shop.user.v1.UserService/Nothing"],
          [404, JSON_TYPE, "/shop.user.v1.UserService/DeductBalance"],
        ];
        for (const [expected, headers, at] of calls) {
          const answer = await send({ ...headers, origin: ORIGIN }, { path: at });
          const what = `${at} ${JSON.stringify(headers)}`;
          assert.equal(answer.http, expected, what);
          assert.equal(answer.headers["access-control-allow-origin"], ORIGIN, what);
          assert.ok(listOf(answer.headers.vary).includes("origin"), what);
        }
      });

      it("exclude every other origin: each of its requests is 403 and reaches no service", async () => {
        for (const origin of FOREIGN) {
          const answers = await Promise.all([
            preflight(origin),
            preflight(origin, "authorization"),
            ...[
              "application/json",
              "application/proto",
              "application/grpc-web+proto",
              "application/grpc",
              "text/plain",
              "application/x-www-form-urlencoded",
            ].map((type) => send({ "content-type": type, origin })),
            send({ origin }, { method: "GET" }),
            send({ origin }, { method: "GET", path: "/openapi.yaml" }),
          ]);
          for (const { http: status, headers } of answers) {
            assert.equal(status, 403, origin);
            const names = Object.keys(headers).filter((name) => name.startsWith("access-control"));
            assert.deepEqual(names, [], origin);
          }
        }
        assert.deepEqual(edge.calls, []);
      });

      it("do not concern a client without an Origin header, except for vary: origin", async () => {
        const { http: status, headers } = await send(JSON_TYPE);
        assert.equal(status, 200);
        assert.equal(headers["access-control-allow-origin"], undefined);
        assert.ok(listOf(headers.vary).includes("origin"));
      });

      it("include the gateway's own origin, for its page at /docs", async () => {
        const { http: status } = await send({ ...JSON_TYPE, origin: edge.url });
        assert.equal(status, 200);
        const other = edge.url.replace(/\d+$/, (port) => String(Number(port) - 1));
        assert.equal((await send({ ...JSON_TYPE, origin: other })).http, 403);
      });

      it("include no name that its owner makes resolve to the gateway", async () => {
        const authority = http === "HTTP/1.1" ? "host" : ":authority";
        for (const name of ["rebound.example", "rebound.example:50050", "localhost.example"]) {
          const headers = { ...JSON_TYPE, [authority]: name, origin: `http://${name}` };
          assert.equal((await send(headers)).http, 403, name);
        }
        const own = { ...JSON_TYPE, [authority]: "localhost:50050" };
        assert.equal((await send({ ...own, origin: "http://localhost:50050" })).http, 200);
      });
    });
  }

  it("must be set in production, without wildcards for hosts", () => {
    const faults = (env: Record<string, string>) => {
      try {
        gatewayConfig({ SHOP_ENV: "production", ...env });
        return "";
      } catch (error) {
        return String(error);
      }
    };
    assert.match(faults({}), /SHOP_ALLOWED_ORIGINS/);
    assert.match(faults({ SHOP_ALLOWED_ORIGINS: "*" }), /SHOP_ALLOWED_ORIGINS/);
    assert.match(faults({ SHOP_ALLOWED_ORIGINS: "https://*" }), /SHOP_ALLOWED_ORIGINS/);
    assert.doesNotMatch(faults({ SHOP_ALLOWED_ORIGINS: ORIGIN }), /SHOP_ALLOWED_ORIGINS/);
  });
});

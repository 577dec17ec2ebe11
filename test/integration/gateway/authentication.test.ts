import assert from "node:assert/strict";
import { once } from "node:events";
import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { start as startGateway } from "../../../gateway/main.ts";
import { BAD_TOKENS } from "../../../testbed/calls/bad-tokens.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { methodNamed } from "../../../testbed/calls/contract.ts";
import {
  type GatewayClient,
  gatewayClient,
  PROTOCOLS,
} from "../../../testbed/calls/gateway-call.ts";
import { insertUsers } from "../../../testbed/orders/fixtures.ts";
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { sendRaw } from "./raw-http.ts";

const publicMethod = methodNamed("goods GetGoods");
const userMethod = methodNamed("user GetUser");
const adminMethod = methodNamed("goods CreateGoods");
const streamMethod = methodNamed("order WatchOrder");

/** Header names that every gRPC call carries. */
const GRPC_HEADERS =
  /^(:|(grpc-accept-encoding|grpc-timeout|user-agent|content-type|te|accept-encoding)$)/;

describe("the caller of a request at the gateway", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let userId: bigint;
  let otherId: bigint;
  let good: string;
  before(async () => {
    shop = await startShop({ gateway: true, services: ["goods", "user"] });
    gateway = gatewayClient(shop.gatewayUrl);
    [userId = 0n, otherId = 0n] = await insertUsers(shop, 2);
    good = await token("user", String(userId));
  });
  after(async () => {
    gateway?.close();
    await shop?.stop();
  });

  for (const [what, make] of Object.entries(BAD_TOKENS)) {
    it(`is UNAUTHENTICATED with an invalid token: ${what}`, async () => {
      const [authorization = ""] = await make(userId);
      for (const protocol of PROTOCOLS) {
        for (const method of [publicMethod, userMethod, adminMethod, streamMethod]) {
          const answer = await gateway.call({ method, protocol, headers: { authorization } });
          const tried = `${method.name}, ${protocol}: ${answer.message}`;
          assert.equal(answer.code, "UNAUTHENTICATED", tried);
          // The message does not reveal which check failed, unless the token was genuine.
          const genuine = what === "expired a minute ago";
          assert.equal(answer.message, genuine ? "TOKEN_EXPIRED" : "UNAUTHENTICATED", tried);
        }
      }
    });
  }

  it("is UNAUTHENTICATED with two authorization headers, even if both are valid", async () => {
    const values = [`Bearer ${good}`, "Bearer x"];
    for (const both of [values, values.toReversed(), [values[0], values[0]]] as string[][]) {
      const { http } = await gateway.wires[1].send({
        path: userMethod.path,
        headers: { "content-type": "application/json", authorization: both },
        body: Buffer.from("{}"),
      });
      assert.equal(http, 401);
      assert.equal(await statusOverHttp2(shop.gatewayUrl, both), 401);
    }
  });

  it("is the subject of the bearer token; the scheme is case-insensitive", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      for (const protocol of PROTOCOLS) {
        const headers = { authorization: `${scheme} ${good}` };
        const answer = await gateway.call({ method: userMethod, protocol, headers });
        assert.equal(answer.code, "OK", `${scheme}, ${protocol}: ${answer.message}`);
      }
    }
  });

  it("is never taken from another header", async () => {
    for (const protocol of PROTOCOLS) {
      const claimed = identityHeaders(otherId);
      const anonymous = await gateway.call({ method: userMethod, protocol, headers: claimed });
      assert.equal(anonymous.code, "UNAUTHENTICATED", protocol);
      const user = { protocol, headers: claimed, token: good };
      assert.equal(
        (await gateway.call({ ...user, method: adminMethod })).code,
        "PERMISSION_DENIED",
      );
      const own = await gateway.call({ ...user, method: userMethod, protocol: "json" });
      assert.match(String(own.messages[0]), new RegExp(`"userId":\\s*"${userId}"`));
    }
  });

  it("may choose the x-request-id; an invalid one is replaced by a UUID", async () => {
    const idOf = async (given: string) => {
      const headers = { "content-type": "application/json", "x-request-id": given };
      const answer = await gateway.wires[1].send({ path: publicMethod.path, headers });
      return answer.headers["x-request-id"];
    };
    assert.equal(await idOf("order-17"), "order-17");
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    for (const given of ["", "a b", "x".repeat(65), "x".repeat(8_000), "\u00e9", '"\t"']) {
      assert.match((await idOf(given)) ?? "", uuid, JSON.stringify(given));
    }
    const { port } = new URL(shop.gatewayUrl);
    const head = `POST ${publicMethod.path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n`;
    // RFC 9112, section 5.2, makes folded header lines obsolete.
    const folded = await sendRaw(
      Number(port),
      `${head}x-request-id: a\r\n set-cookie: b=c\r\n\r\n`,
    );
    assert.doesNotMatch(folded, /set-cookie/i);
  });

  it("reaches the services as a token, a traceparent and the request's id, and nothing else", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const user = await startRecorder(seen);
    const running = await startGateway({
      SHOP_ENV: "test",
      SHOP_LOG_LEVEL: "silent",
      SHOP_GATEWAY_LISTEN: "127.0.0.1:0",
      SHOP_USER_ADDRESS: user.address,
    });
    const client = gatewayClient(`http://${running.address}`);
    try {
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      for (const protocol of PROTOCOLS) {
        const headers = {
          ...identityHeaders(otherId),
          traceparent,
          cookie: "a=b",
          "x-request-id": "r-1",
        };
        await client.call({ method: userMethod, protocol, headers, token: good });
      }
      assert.equal(seen.length, PROTOCOLS.length);
      for (const metadata of seen) {
        const sent = Object.keys(metadata).filter((name) => !GRPC_HEADERS.test(name));
        assert.deepEqual(sent.sort(), ["authorization", "traceparent", "x-request-id"]);
        assert.equal(metadata["x-request-id"], "r-1");
        assert.equal(metadata.authorization, `Bearer ${good}`);
      }
    } finally {
      client.close();
      await running.stop();
      user.stop();
    }
  });
});

/** Headers in which some gateways pass the identity of the caller to their services. */
function identityHeaders(userId: bigint): Record<string, string> {
  return {
    "x-user-id": String(userId),
    "x-forwarded-user": String(userId),
    "x-internal-user": String(userId),
    "x-internal-role": "admin",
    "x-caller": `user:${userId}`,
    "x-service": "order",
    "user-id": String(userId),
    role: "admin",
    "grpc-caller": "service:order",
  };
}

/** HTTP status of a call over HTTP/2 that repeats the authorization header, once per value. */
async function statusOverHttp2(url: string, values: string[]): Promise<number> {
  // The type definitions of Node lack this option.
  const options: object = { strictSingleValueFields: false };
  const session = connect(url, options);
  try {
    const fields = { ":method": "POST", ":path": userMethod.path, ":scheme": "http" };
    const headers = { ...fields, ":authority": "shop", "content-type": "application/json" };
    const list = [...Object.entries(headers), ...values.map((value) => ["authorization", value])];
    const stream = session.request(list.flat());
    stream.end("{}");
    const [answer] = await once(stream, "response");
    return Number(answer[":status"]);
  } finally {
    session.destroy();
  }
}

/** A user service that records the headers of each call in `seen` and answers UNAVAILABLE. */
async function startRecorder(seen: IncomingHttpHeaders[]) {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    seen.push(headers);
    const answer = { "content-type": "application/grpc", "grpc-status": "14" };
    stream.respond(answer, { endStream: true });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    stop: () => {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

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
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { raw } from "./raw-http.ts";

const ofAnyone = methodNamed("goods GetGoods");
const ofUsers = methodNamed("user GetUser");
const ofAdmins = methodNamed("goods CreateGoods");
const stream = methodNamed("order WatchOrder");

/** What every call of gRPC has. */
const OF_GRPC =
  /^(:|(grpc-accept-encoding|grpc-timeout|user-agent|content-type|te|accept-encoding)$)/;

describe("gateway: who calls", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let userId: bigint;
  let otherId: bigint;
  let good: string;
  before(async () => {
    shop = await sharedShop();
    gateway = gatewayClient(shop.gatewayUrl);
    [userId = 0n, otherId = 0n] = await insertUsers(shop, 2);
    good = await token("user", String(userId));
  });
  after(() => gateway?.close());

  for (const [what, make] of Object.entries(BAD_TOKENS)) {
    it(`is nobody with a token that is none: ${what}`, async () => {
      const [authorization = ""] = await make(userId);
      for (const protocol of PROTOCOLS) {
        for (const method of [ofAnyone, ofUsers, ofAdmins, stream]) {
          const answer = await gateway.call({ method, protocol, headers: { authorization } });
          const tried = `${method.name}, ${protocol}: ${answer.message}`;
          assert.equal(answer.code, "UNAUTHENTICATED", tried);
          // One answer for every cause.
          assert.equal(answer.message, "UNAUTHENTICATED", tried);
        }
      }
    });
  }

  it("is nobody with two authorization headers, whichever of them is good", async () => {
    const values = [`Bearer ${good}`, "Bearer x"];
    for (const both of [values, values.toReversed(), [values[0], values[0]]] as string[][]) {
      const { http } = await gateway.wires[1].send({
        path: ofUsers.path,
        headers: { "content-type": "application/json", authorization: both },
        body: Buffer.from("{}"),
      });
      assert.equal(http, 401);
      assert.equal(await withTwoHeaders(shop.gatewayUrl, both), 401);
    }
  });

  it("is who the token says, with its scheme in any case", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      for (const protocol of PROTOCOLS) {
        const headers = { authorization: `${scheme} ${good}` };
        const answer = await gateway.call({ method: ofUsers, protocol, headers });
        assert.equal(answer.code, "OK", `${scheme}, ${protocol}: ${answer.message}`);
      }
    }
  });

  it("is not who other headers say", async () => {
    for (const protocol of PROTOCOLS) {
      const claimed = claims(otherId);
      const anonymous = await gateway.call({ method: ofUsers, protocol, headers: claimed });
      assert.equal(anonymous.code, "UNAUTHENTICATED", protocol);
      const user = { protocol, headers: claimed, token: good };
      assert.equal((await gateway.call({ ...user, method: ofAdmins })).code, "PERMISSION_DENIED");
      const own = await gateway.call({ ...user, method: ofUsers, protocol: "json" });
      assert.match(String(own.messages[0]), new RegExp(`"userId":\\s*"${userId}"`));
    }
  });

  it("names its request by an id that is one, and gets another where it is none", async () => {
    const idOf = async (given: string) => {
      const headers = { "content-type": "application/json", "x-request-id": given };
      const { headers: heard } = await gateway.wires[1].send({ path: ofAnyone.path, headers });
      return heard["x-request-id"];
    };
    assert.equal(await idOf("order-17"), "order-17");
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    for (const given of ["", "a b", "x".repeat(65), "x".repeat(8_000), "\u00e9", '"\t"']) {
      assert.match((await idOf(given)) ?? "", uuid, JSON.stringify(given));
    }
    const { port } = new URL(shop.gatewayUrl);
    const head = `POST ${ofAnyone.path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n`;
    // A line that goes on in the next (RFC 9112, 5.2) has been no header for long.
    const folded = await raw(Number(port), `${head}x-request-id: a\r\n set-cookie: b=c\r\n\r\n`);
    assert.doesNotMatch(folded, /set-cookie/i);
  });

  it("sends the services a token and a trace, and nothing else of its own", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const user = await recorder(seen);
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
        const headers = { ...claims(otherId), traceparent, cookie: "a=b", "x-request-id": "r-1" };
        await client.call({ method: ofUsers, protocol, headers, token: good });
      }
      assert.equal(seen.length, PROTOCOLS.length);
      for (const metadata of seen) {
        const sent = Object.keys(metadata).filter((name) => !OF_GRPC.test(name));
        assert.deepEqual(sent.sort(), ["authorization", "traceparent"]);
        assert.equal(metadata.authorization, `Bearer ${good}`);
      }
    } finally {
      client.close();
      await running.stop();
      user.stop();
    }
  });
});

/** Headers that some gateways tell their services by who calls. */
function claims(userId: bigint): Record<string, string> {
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

/** The status of a call over HTTP/2 with an authorization header for each value. */
async function withTwoHeaders(url: string, values: string[]): Promise<number> {
  // Node's types do not know the option.
  const options: object = { strictSingleValueFields: false };
  const session = connect(url, options);
  try {
    const fields = { ":method": "POST", ":path": ofUsers.path, ":scheme": "http" };
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

/** A user service that keeps the headers of its calls, and answers UNAVAILABLE. */
async function recorder(seen: IncomingHttpHeaders[]) {
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

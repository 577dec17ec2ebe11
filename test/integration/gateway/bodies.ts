import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { Reason } from "#platform/values/refusal.ts";
import { methodNamed } from "../../../testbed/calls/contract.ts";
import {
  type Answer,
  type GatewayClient,
  gatewayClient,
  type Protocol,
} from "../../../testbed/calls/gateway-call.ts";
import { frame } from "../../../testbed/calls/http2-call.ts";
import { newGoods } from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const KIB = 1_024;
const MIB = KIB * KIB;

const method = methodNamed("goods GetGoods");

/** What unpacks to a gigabyte: pieces that each unpack to 64 MiB, which gzip takes one after the other. */
function bombs(): { gzip: Buffer; br: Buffer } {
  const zeros = Buffer.alloc(64 * MIB);
  const piece = gzipSync(zeros, { level: 9 });
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return {
    gzip: Buffer.concat(Array.from({ length: 16 }, () => piece)).subarray(0, MIB - KIB),
    br: brotliCompressSync(zeros, { params: quality }),
  };
}

describe("gateway: bodies that no client sends", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let good: string;
  let goodBytes: Buffer;
  before(async () => {
    shop = await sharedShop();
    gateway = gatewayClient(shop.gatewayUrl);
    const { goodsId } = await newGoods(shop);
    good = JSON.stringify({ goodsId: String(goodsId) });
    const varint = [];
    for (let rest = goodsId; rest > 0n; rest >>= 7n) {
      varint.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    }
    goodBytes = Buffer.from([8, ...varint]);
  });
  after(() => gateway?.close());

  const json = (body: string | Uint8Array, headers: Record<string, string> = {}, http: 1 | 2 = 2) =>
    gateway.call({ method, protocol: "json", body: Buffer.from(body), headers, http });
  /** In each protocol that has envelopes. */
  const framed = async (
    body: Uint8Array,
    check: (answer: Answer, protocol: Protocol) => void,
    headers: Record<string, string> = {},
  ) => {
    for (const protocol of ["grpc", "grpc-web"] as const) {
      check(await gateway.call({ method, protocol, body, headers }), protocol);
    }
  };
  const isMalformed = (answer: Answer, what: string) => {
    assert.equal(answer.code, "INVALID_ARGUMENT", `${what}: ${answer.message}`);
    assert.equal(answer.refusal?.reason, Reason.INVALID_ARGUMENT, what);
    assert.ok(answer.message.length < 500, what);
    assert.ok(!answer.cut, what);
  };
  const is = (code: string) => (answer: Answer, what: string) =>
    assert.equal(answer.code, code, `${what}: ${answer.message}`);

  it("that a client sends are read, compressed or not", async () => {
    const packed = { gzip: gzipSync(good), br: brotliCompressSync(good) };
    is("OK")(await json(good), "plain");
    for (const [encoding, body] of Object.entries(packed)) {
      is("OK")(await json(body, { "content-encoding": encoding }), encoding);
    }
    for (const type of ["application/json; charset=utf-8", "application/json;charset=UTF-8"]) {
      is("OK")(await json(good, { "content-type": type }), type);
    }
    // A byte order mark may be ignored (RFC 8259, 8.1).
    is("OK")(await json(`\ufeff${good}`), "byte order mark");
    is("OK")(await json(good.padEnd(MIB)), "a whole MiB");
    await framed(frame(goodBytes), is("OK"));
    const compressed = frame(gzipSync(goodBytes), { compressed: 1 });
    await framed(compressed, is("OK"), { "grpc-encoding": "gzip" });
  });

  it("that are no JSON are malformed, in bounded time however deep", async () => {
    const deep = (open: string, close: string) => `${open.repeat(10_000)}1${close.repeat(10_000)}`;
    const bad: Record<string, string | Uint8Array> = {
      empty: "",
      spaces: "   ",
      "a word": "hello <script>alert(1)</script>",
      "cut off": good.slice(0, -1),
      "more after it": `${good}${good}`,
      "a list": "[]",
      "a text": '"x"',
      "a number": "1",
      nothing: "null",
      "not UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      "UTF-16": Buffer.from(good, "utf16le"),
      "a NUL": `${good}\0`,
      "deep lists": deep("[", "]"),
      "deep objects": deep('{"goodsId":', "}"),
      "deep and open": "[".repeat(500_000),
      "many keys": `{${Array.from({ length: 50_000 }, (_, index) => `"k${index}":1`).join(",")}}`,
      "a long number": `{"goodsId":${"9".repeat(900_000)}}`,
      "a long text of digits": `{"goodsId":"${"9".repeat(900_000)}"}`,
    };
    for (const [what, body] of Object.entries(bad)) {
      const begun = Date.now();
      isMalformed(await json(body), what);
      assert.ok(Date.now() - begun < 2_000, `${what} took ${Date.now() - begun} ms`);
    }
  });

  it("that are no protobuf are malformed, in every protocol", async () => {
    for (const bytes of [[0xff], [0x08], [0x0a, 0x7f, 0x41], [0x0f], Array(20_000).fill(0x23)]) {
      for (const protocol of ["connect", "grpc-web", "grpc"] as const) {
        const answer = await gateway.call({ method, protocol, request: Buffer.from(bytes) });
        isMalformed(answer, `${protocol} ${bytes.slice(0, 3)}`);
      }
    }
  });

  it("that are too large are RESOURCE_EXHAUSTED", async () => {
    for (const http of [1, 2] as const) {
      const answer = await json(good.padEnd(MIB + 1), {}, http);
      assert.equal(answer.code, "RESOURCE_EXHAUSTED");
      assert.equal(answer.http, 429);
    }
    await framed(frame(Buffer.alloc(MIB + 1)), is("RESOURCE_EXHAUSTED"));
    await framed(frame(goodBytes, { length: 2 ** 32 - 1 }), is("RESOURCE_EXHAUSTED"));
  });

  it("that unpack to very much are RESOURCE_EXHAUSTED, and cost no memory", async () => {
    const packed = bombs();
    assert.ok(packed.br.length < 10 * KIB);
    await json(packed.br, { "content-encoding": "br" });
    const before = memoryOf(shop);
    const begun = Date.now();
    for (let round = 0; round < 3; round += 1) {
      const tries = Object.entries(packed).flatMap(([encoding, bomb]) => [
        json(bomb, { "content-encoding": encoding }),
        json(bomb, { "content-encoding": encoding }, 1),
        framed(frame(bomb, { compressed: 1 }), is("RESOURCE_EXHAUSTED"), {
          "grpc-encoding": encoding,
        }),
      ]);
      for (const answer of await Promise.all(tries)) {
        if (answer) assert.equal(answer.code, "RESOURCE_EXHAUSTED", answer.message);
      }
    }
    const { peakMib } = memoryOf(shop);
    assert.ok(Date.now() - begun < 5_000, `took ${Date.now() - begun} ms`);
    assert.ok(peakMib - before.mib < 128, `${before.mib} MiB became ${peakMib} MiB`);
  });

  it("that are compressed badly are malformed, and by something unknown UNIMPLEMENTED", async () => {
    const bad: [string, Uint8Array][] = [
      ["gzip", Buffer.from("no gzip at all")],
      ["gzip", gzipSync(good).subarray(0, -6)],
      ["gzip", gzipSync(good).subarray(0, 12)],
      ["gzip", Buffer.concat([gzipSync(good), Buffer.from("more")])],
      ["gzip", brotliCompressSync(good)],
      ["br", Buffer.from("no brotli at all")],
      ["br", brotliCompressSync(good).subarray(0, -2)],
    ];
    for (const [encoding, body] of bad) {
      isMalformed(await json(body, { "content-encoding": encoding }), encoding);
      const headers = { "grpc-encoding": encoding };
      await framed(frame(body, { compressed: 1 }), isMalformed, headers);
    }
    for (const encoding of ["zstd", "deflate", "gzip, gzip", "GZIP", "x".repeat(5_000)]) {
      const answer = await json(good, { "content-encoding": encoding });
      assert.deepEqual([answer.code, answer.http], ["UNIMPLEMENTED", 501]);
      await framed(frame(goodBytes), is("UNIMPLEMENTED"), { "grpc-encoding": encoding });
    }
    // Nothing says how it is compressed.
    await framed(frame(gzipSync(goodBytes), { compressed: 1 }), isMalformed);
  });

  it("whose envelope lies are malformed, and none or two messages UNIMPLEMENTED", async () => {
    await framed(frame(goodBytes, { length: 1_000 }), isMalformed);
    await framed(frame(goodBytes, { length: goodBytes.length - 1 }), isMalformed);
    await framed(Buffer.from([0, 0, 0]), isMalformed);
    await framed(Buffer.concat([frame(goodBytes), Buffer.from([0, 0])]), isMalformed);
    await framed(Buffer.alloc(0), is("UNIMPLEMENTED"));
    await framed(Buffer.concat([frame(goodBytes), frame(goodBytes)]), is("UNIMPLEMENTED"));
  });

  it("of a type that is none are 415, and of another method than POST 405", async () => {
    const types = ["", "text/plain", "application/xml", "application/json; charset=latin1"];
    types.push("application/grpc-other", "application/connect+json", "x".repeat(5_000));
    for (const type of types) {
      for (const http of [1, 2] as const) {
        assert.equal((await json(good, { "content-type": type }, http)).http, 415, type);
      }
    }
    for (const name of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      for (const http of [1, 2] as const) {
        const headers = { "content-type": "application/json" };
        const heard = await gateway.wires[http].send({ path: method.path, method: name, headers });
        assert.equal(heard.http, 405, `${name} over HTTP/${http}`);
      }
    }
  });

  it("leave a gateway that answers, and has met no error of its own", async () => {
    is("OK")(await json(good), "afterwards");
    assert.doesNotMatch(shop.output("gateway"), /answered INTERNAL|"level":"(error|fatal)"/);
  });
});

/** What the gateway's process has of real memory, now and at most so far. */
function memoryOf(shop: Shop): { mib: number; peakMib: number } {
  const text = readFileSync(`/proc/${shop.pid("gateway")}/status`, "utf8");
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  return { mib: kib("VmRSS") / KIB, peakMib: kib("VmHWM") / KIB };
}

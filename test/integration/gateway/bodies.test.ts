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
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const KIB = 1_024;
const MIB = KIB * KIB;
/** The bound on most requests. */
const MAX_BYTES = 64 * KIB;

const method = methodNamed("goods GetGoods");

/** Small bodies that decompress to 1 GiB (gzip, 16 members of 64 MiB) and to 64 MiB (brotli). */
function decompressionBombs(): { gzip: Buffer; br: Buffer } {
  const zeros = Buffer.alloc(64 * MIB);
  const member = gzipSync(zeros, { level: 9 });
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return {
    gzip: Buffer.concat(Array.from({ length: 16 }, () => member)).subarray(0, MIB - KIB),
    br: brotliCompressSync(zeros, { params: quality }),
  };
}

describe("request bodies at the gateway", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let good: string;
  let goodBytes: Buffer;
  before(async () => {
    shop = await startShop({ gateway: true, services: ["goods"] });
    gateway = gatewayClient(shop.gatewayUrl);
    const { goodsId } = await newGoods(shop);
    good = JSON.stringify({ goodsId: String(goodsId) });
    const varint = [];
    for (let rest = goodsId; rest > 0n; rest >>= 7n) {
      varint.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    }
    goodBytes = Buffer.from([8, ...varint]);
  });
  after(async () => {
    gateway?.close();
    await shop?.stop();
  });

  const json = (body: string | Uint8Array, headers: Record<string, string> = {}, http: 1 | 2 = 2) =>
    gateway.call({ method, protocol: "json", body: Buffer.from(body), headers, http });
  /** Sends an already enveloped body over gRPC and gRPC-Web and checks both answers. */
  const framed = async (
    body: Uint8Array,
    check: (answer: Answer, protocol: Protocol) => void,
    headers: Record<string, string> = {},
  ) => {
    for (const protocol of ["grpc", "grpc-web"] as const) {
      check(await gateway.call({ method, protocol, body, headers }), protocol);
    }
  };
  const assertMalformed = (answer: Answer, what: string) => {
    assert.equal(answer.code, "INVALID_ARGUMENT", `${what}: ${answer.message}`);
    assert.equal(answer.refusal?.reason, Reason.INVALID_ARGUMENT, what);
    assert.ok(answer.message.length < 500, what);
    assert.ok(!answer.cut, what);
  };
  const assertCode = (code: string) => (answer: Answer, what: string) =>
    assert.equal(answer.code, code, `${what}: ${answer.message}`);

  it("are accepted plain or compressed, in UTF-8, up to 64 KiB", async () => {
    const compressedBodies = { gzip: gzipSync(good), br: brotliCompressSync(good) };
    assertCode("OK")(await json(good), "plain");
    for (const [encoding, body] of Object.entries(compressedBodies)) {
      assertCode("OK")(await json(body, { "content-encoding": encoding }), encoding);
    }
    for (const type of ["application/json; charset=utf-8", "application/json;charset=UTF-8"]) {
      assertCode("OK")(await json(good, { "content-type": type }), type);
    }
    // RFC 8259, section 8.1, lets a parser ignore a byte order mark.
    assertCode("OK")(await json(`\ufeff${good}`), "byte order mark");
    assertCode("OK")(await json(good.padEnd(MAX_BYTES)), "exactly 64 KiB");
    await framed(frame(goodBytes), assertCode("OK"));
    const compressed = frame(gzipSync(goodBytes), { compressed: 1 });
    await framed(compressed, assertCode("OK"), { "grpc-encoding": "gzip" });
  });

  it("are malformed when they are not JSON, within 2 s at any nesting depth", async () => {
    const deep = (open: string, close: string) => `${open.repeat(5_000)}1${close.repeat(5_000)}`;
    const bad: Record<string, string | Uint8Array> = {
      empty: "",
      spaces: "   ",
      "plain text": "hello <script>alert(1)</script>",
      truncated: good.slice(0, -1),
      "trailing data": `${good}${good}`,
      "an array": "[]",
      "a string": '"x"',
      "a number": "1",
      null: "null",
      "not UTF-8": Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      "UTF-16": Buffer.from(good, "utf16le"),
      "a NUL byte": `${good}\0`,
      "deep arrays": deep("[", "]"),
      "deep objects": deep('{"goodsId":', "}"),
      "deep and unclosed": "[".repeat(60_000),
      "many keys": `{${Array.from({ length: 5_000 }, (_, index) => `"k${index}":1`).join(",")}}`,
      "a long number": `{"goodsId":${"9".repeat(60_000)}}`,
      "a long string of digits": `{"goodsId":"${"9".repeat(60_000)}"}`,
    };
    for (const [what, body] of Object.entries(bad)) {
      const begun = Date.now();
      assertMalformed(await json(body), what);
      assert.ok(Date.now() - begun < 2_000, `${what} took ${Date.now() - begun} ms`);
    }
  });

  it("are malformed when they are not protobuf, in every binary protocol", async () => {
    for (const bytes of [[0xff], [0x08], [0x0a, 0x7f, 0x41], [0x0f], Array(20_000).fill(0x23)]) {
      for (const protocol of ["connect", "grpc-web", "grpc"] as const) {
        const answer = await gateway.call({ method, protocol, request: Buffer.from(bytes) });
        assertMalformed(answer, `${protocol} ${bytes.slice(0, 3)}`);
      }
    }
  });

  it("are RESOURCE_EXHAUSTED above 64 KiB", async () => {
    for (const http of [1, 2] as const) {
      const answer = await json(good.padEnd(MAX_BYTES + 1), {}, http);
      assert.equal(answer.code, "RESOURCE_EXHAUSTED");
      assert.equal(answer.http, 429);
    }
    await framed(frame(Buffer.alloc(MAX_BYTES + 1)), assertCode("RESOURCE_EXHAUSTED"));
    await framed(frame(goodBytes, { length: 2 ** 32 - 1 }), assertCode("RESOURCE_EXHAUSTED"));
  });

  it("are RESOURCE_EXHAUSTED when they decompress to more, and cost little memory", async () => {
    const bombs = decompressionBombs();
    assert.ok(bombs.br.length < 10 * KIB);
    await json(bombs.br, { "content-encoding": "br" });
    const before = residentMemory(shop);
    const begun = Date.now();
    for (let round = 0; round < 3; round += 1) {
      const attempts = Object.entries(bombs).flatMap(([encoding, bomb]) => [
        json(bomb, { "content-encoding": encoding }),
        json(bomb, { "content-encoding": encoding }, 1),
        framed(frame(bomb, { compressed: 1 }), assertCode("RESOURCE_EXHAUSTED"), {
          "grpc-encoding": encoding,
        }),
      ]);
      for (const answer of await Promise.all(attempts)) {
        if (answer) assert.equal(answer.code, "RESOURCE_EXHAUSTED", answer.message);
      }
    }
    const { peakMib } = residentMemory(shop);
    assert.ok(Date.now() - begun < 5_000, `took ${Date.now() - begun} ms`);
    assert.ok(peakMib - before.mib < 128, `grew from ${before.mib} to ${peakMib} MiB`);
  });

  it("are malformed when corruptly compressed, UNIMPLEMENTED in an unknown encoding", async () => {
    const bad: [string, Uint8Array][] = [
      ["gzip", Buffer.from("not gzip")],
      ["gzip", gzipSync(good).subarray(0, -6)],
      ["gzip", gzipSync(good).subarray(0, 12)],
      ["gzip", Buffer.concat([gzipSync(good), Buffer.from("more")])],
      ["gzip", brotliCompressSync(good)],
      ["br", Buffer.from("not brotli")],
      ["br", brotliCompressSync(good).subarray(0, -2)],
    ];
    for (const [encoding, body] of bad) {
      assertMalformed(await json(body, { "content-encoding": encoding }), encoding);
      const headers = { "grpc-encoding": encoding };
      await framed(frame(body, { compressed: 1 }), assertMalformed, headers);
    }
    for (const encoding of ["zstd", "deflate", "gzip, gzip", "GZIP", "x".repeat(5_000)]) {
      const answer = await json(good, { "content-encoding": encoding });
      assert.deepEqual([answer.code, answer.http], ["UNIMPLEMENTED", 501]);
      await framed(frame(goodBytes), assertCode("UNIMPLEMENTED"), { "grpc-encoding": encoding });
    }
    // The envelope claims compression, but no header names the encoding.
    await framed(frame(gzipSync(goodBytes), { compressed: 1 }), assertMalformed);
  });

  it("are malformed with a wrong envelope length, UNIMPLEMENTED unless one message", async () => {
    await framed(frame(goodBytes, { length: 1_000 }), assertMalformed);
    await framed(frame(goodBytes, { length: goodBytes.length - 1 }), assertMalformed);
    await framed(Buffer.from([0, 0, 0]), assertMalformed);
    await framed(Buffer.concat([frame(goodBytes), Buffer.from([0, 0])]), assertMalformed);
    await framed(Buffer.alloc(0), assertCode("UNIMPLEMENTED"));
    await framed(Buffer.concat([frame(goodBytes), frame(goodBytes)]), assertCode("UNIMPLEMENTED"));
  });

  it("are answered 415 for an unknown content type and 405 for any method but POST and GET", async () => {
    const types = ["", "text/plain", "application/xml", "application/json; charset=latin1"];
    types.push("application/grpc-other", "application/connect+json", "x".repeat(5_000));
    for (const type of types) {
      for (const http of [1, 2] as const) {
        assert.equal((await json(good, { "content-type": type }, http)).http, 415, type);
      }
    }
    // GET reads its type from the query, see get.test.ts.
    for (const name of ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      for (const http of [1, 2] as const) {
        const headers = { "content-type": "application/json" };
        const answer = await gateway.wires[http].send({ path: method.path, method: name, headers });
        assert.equal(answer.http, 405, `${name} over HTTP/${http}`);
      }
    }
  });

  it("leave the gateway serving, without an error in its log", async () => {
    assertCode("OK")(await json(good), "after the malformed bodies");
    assert.doesNotMatch(shop.output("gateway"), /answered INTERNAL|"level":"(error|fatal)"/);
  });
});

/** Resident memory of the gateway process: now, and its peak since the start. */
function residentMemory(shop: Shop): { mib: number; peakMib: number } {
  const text = readFileSync(`/proc/${shop.pid("gateway")}/status`, "utf8");
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]);
  return { mib: kib("VmRSS") / KIB, peakMib: kib("VmHWM") / KIB };
}

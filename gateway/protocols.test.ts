import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { gzipSync } from "node:zlib";
import { createContextValues } from "@connectrpc/connect";
import { type HttpServer, startHttpServer } from "#platform/http/server.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { MAX_REQUEST_BYTES } from "./limits.ts";
import { createProtocols } from "./protocols.ts";

const PATH = "/shop.goods.v1.GoodsService/ListGoods";

describe("the gateway's protocols", () => {
  const log = createLog("test", "silent");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let server: HttpServer;

  before(async () => {
    const protocols = createProtocols({
      log,
      routes: (router) =>
        router.rpc(GoodsService.method.listGoods, () => ({ nextPageToken: "read" })),
    });
    server = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      log,
      http2: true,
      handle: (incoming, response) => protocols.answer(incoming, response, createContextValues()),
    });
  });
  after(async () => {
    agent.destroy();
    await server.stop();
  });

  /** Sends the chunks over the agent's only connection. */
  const post = (headers: Record<string, string>, chunks: Buffer[]) =>
    new Promise<{ status: number; text: string; port: number }>((resolve, reject) => {
      const { port } = server;
      const call = request({ port, path: PATH, method: "POST", agent, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        const own = answer.socket.localPort ?? 0;
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text, port: own }));
      });
      call.on("error", reject);
      for (const chunk of chunks) call.write(chunk);
      call.end();
    });
  const json = { "content-type": "application/json" };

  for (const [what, headers, chunks] of [
    ["in chunks", {}, Array.from({ length: 20 }, () => Buffer.alloc(MAX_REQUEST_BYTES / 10, " "))],
    [
      "after decompression",
      { "content-encoding": "gzip" },
      [gzipSync(Buffer.alloc(MAX_REQUEST_BYTES * 4, " "))],
    ],
  ] as [string, Record<string, string>, Buffer[]][]) {
    it(`answers the next request on a connection after one that is too large ${what}`, async () => {
      const refused = await post({ ...json, ...headers }, chunks);
      assert.match(refused.text, /resource_exhausted/);
      const answer = await post(json, [Buffer.from("{}")]);
      assert.deepEqual([answer.status, answer.text], [200, '{"nextPageToken":"read"}']);
      assert.equal(answer.port, refused.port);
    });
  }
});

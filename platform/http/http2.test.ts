import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, constants } from "node:http2";
import { createLog } from "../telemetry/log.ts";
import { ANSWERED, type HttpServer, startHttpServer } from "./server.ts";

describe("HTTP/2 on the port of HTTP/1.1", () => {
  let server: HttpServer;
  afterEach(() => server.stop());

  it("ends a stream after its answer and trailers, even if its client keeps sending", async () => {
    server = await startHttpServer({
      listen: { host: "127.0.0.1", port: 0 },
      http2: true,
      log: createLog("test", "silent"),
      async handle(request, response) {
        await once(request, "data");
        response.writeHead(200, { trailer: "x-sum" });
        response.write("answer");
        response.addTrailers({ "x-sum": "7" });
        response.end();
        await once(response, "close");
        return ANSWERED;
      },
    });
    const session = connect(`http://127.0.0.1:${server.port}`);
    const begun = Date.now();
    const stream = session.request({ ":method": "POST" }, { endStream: false });
    stream.write("a part");
    stream.resume();
    const closed = once(stream, "close");
    const [trailers] = await once(stream, "trailers");
    await closed;
    assert.equal(trailers["x-sum"], "7");
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    assert.ok(Date.now() - begun < 3_000);
    session.close();
  });
});

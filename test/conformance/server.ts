// The server under test: the gateway's protocols and its HTTP server, with the suite's service behind them. The runner
// of the suite starts it, says on stdin what it needs, and reads from stdout where it is. The gate is left out: it adds
// the shop's own words to errors, and would want a caller.
//
//   node test/conformance/server.ts DESCRIPTORS

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { createContextValues } from "@connectrpc/connect";
import { HttpProblem } from "#platform/http/answer.ts";
import { startHttpServer } from "#platform/http/server.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { HTTP_LIMITS } from "../../gateway/limits.ts";
import { createProtocols } from "../../gateway/protocols.ts";
import { serveConformance } from "./service.ts";
import { readWords, type ServerRequest } from "./words.ts";

const host = "127.0.0.1";
const words = readWords(process.argv[2] ?? "");

/** A message comes and goes behind its length, of four bytes. */
async function readRequest(): Promise<ServerRequest> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE()) continue;
    const message = bytes.subarray(4, 4 + bytes.readUInt32BE());
    return fromBinary(words.schema("ServerCompatRequest"), message) as ServerRequest;
  }
  throw new Error("stdin ended before the request");
}

function writeResponse(fields: object): void {
  const schema = words.schema("ServerCompatResponse");
  const message = toBinary(schema, create(schema, fields as MessageInitShape<typeof schema>));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  process.stdout.write(Buffer.concat([length, message]));
}

process.once("SIGTERM", () => process.exit());
const { useTls, messageReceiveLimit } = await readRequest();
if (useTls) throw new Error("the gateway speaks no TLS: it ends in front of it");
// stdout is taken.
const log = createLog("conformance", "silent");
const protocols = createProtocols({
  routes: (router) => serveConformance(router, words),
  maxRequestBytes: messageReceiveLimit || undefined,
  registry: words.registry,
  log,
});
const { port } = await startHttpServer({
  listen: { host, port: 0 },
  http2: true,
  limits: HTTP_LIMITS,
  log,
  handle: async (request, response) => {
    if (!protocols.serves(request)) throw new HttpProblem(404, "not found", { close: true });
    return protocols.answer(request, response, createContextValues());
  },
});
writeResponse({ host, port });

// The server under test: the gateway's protocols and HTTP server in front of the suite's own
// service. The runner of the suite starts this program, writes a ServerCompatRequest to stdin and
// reads the address from stdout. The gateway's gate is left out: it requires a caller and adds
// details to errors.
//
//   node test/conformance/server.ts DESCRIPTORS

import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { createContextValues } from "@connectrpc/connect";
import { HttpProblem } from "#platform/http/answer.ts";
import { startHttpServer } from "#platform/http/server.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { HTTP_LIMITS } from "../../gateway/limits.ts";
import { createProtocols } from "../../gateway/protocols.ts";
import { readDescriptors, type ServerRequest } from "./descriptors.ts";
import { serveConformance } from "./service.ts";

const host = "127.0.0.1";
const descriptors = readDescriptors(process.argv[2] ?? "");

/** Reads one message from stdin. Each message follows its length in four bytes, big-endian. */
async function readRequest(): Promise<ServerRequest> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE()) continue;
    const message = bytes.subarray(4, 4 + bytes.readUInt32BE());
    return fromBinary(descriptors.schema("ServerCompatRequest"), message) as ServerRequest;
  }
  throw new Error("stdin ended before the ServerCompatRequest");
}

function writeResponse(fields: object): void {
  const schema = descriptors.schema("ServerCompatResponse");
  const message = toBinary(schema, create(schema, fields as MessageInitShape<typeof schema>));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  process.stdout.write(Buffer.concat([length, message]));
}

process.once("SIGTERM", () => process.exit());
const { useTls, messageReceiveLimit } = await readRequest();
if (useTls) throw new Error("the gateway serves no TLS; gateway.yaml must not claim it");
// stdout carries the ServerCompatResponse, so nothing may be logged there.
const log = createLog("conformance", "silent");
const protocols = createProtocols({
  routes: (router) => serveConformance(router, descriptors),
  maxRequestBytes: messageReceiveLimit || undefined,
  registry: descriptors.registry,
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

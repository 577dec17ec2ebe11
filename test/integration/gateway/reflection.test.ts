import assert from "node:assert/strict";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ServerReflection } from "#proto/grpc/reflection/v1/reflection_pb.ts";
import { type Edge, startEdge } from "./edge.ts";

describe("server reflection of the gateway, over HTTP/2", () => {
  let edge: Edge | undefined;
  afterEach(() => edge?.stop());

  const start = async (options: Parameters<typeof startEdge>[0]) => {
    edge = await startEdge(options);
    const client = createClient(ServerReflection, createGrpcTransport({ baseUrl: edge.url }));
    return (token?: string) => {
      // Keeps the request stream open, as grpcurl does.
      async function* questions() {
        yield { messageRequest: { case: "listServices" as const, value: "" } };
        await new Promise(() => {});
      }
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      return client.serverReflectionInfo(questions(), { headers })[Symbol.asyncIterator]();
    };
  };
  const codeOf = (error: unknown) => Code[ConnectError.from(error).code];
  const hasCode = (code: Code) => (error: unknown) => codeOf(error) === Code[code];

  it("serves anonymous callers, and its streams end at once when the gateway stops", async () => {
    const ask = await start({});
    const stream = ask();
    const { value } = await stream.next();
    assert.equal(value?.messageResponse.case, "listServicesResponse");
    const begun = Date.now();
    const rest = assert.rejects(stream.next(), hasCode(Code.Unavailable));
    await edge?.stop();
    edge = undefined;
    await rest;
    assert.ok(Date.now() - begun < 5_000);
  });

  it("admits 20 streams per caller", async () => {
    const ask = await start({});
    const streams = Array.from({ length: 20 }, () => ask());
    for (const stream of streams) assert.equal((await stream.next()).done, false);
    await assert.rejects(ask().next(), hasCode(Code.ResourceExhausted));
    await assert.rejects(ask("nonsense").next(), hasCode(Code.Unauthenticated));
  });

  it("is off in production unless enabled, and elsewhere when disabled", async () => {
    const production = { SHOP_ALLOWED_ORIGINS: "https://shop.example" };
    const enabled = { ...production, SHOP_GATEWAY_REFLECTION: "true" };
    for (const { off, ...options } of [
      { production: true, env: production, off: true },
      { production: true, env: enabled, off: false },
      { env: { SHOP_GATEWAY_REFLECTION: "false" }, off: true },
    ]) {
      const stream = (await start(options))();
      if (off) await assert.rejects(stream.next(), hasCode(Code.Unimplemented));
      else assert.equal((await stream.next()).done, false);
      await edge?.stop();
      edge = undefined;
    }
  });
});

import { once } from "node:events";
import { type DescMessage, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { failpoint } from "#platform/settings/failpoint.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import type { Admission } from "./admission.ts";
import { StatusError, statusOfError } from "./errors.ts";
import type { MethodPlan } from "./implement.ts";
import type { RpcLimits } from "./limits.ts";
import { encodeMessage } from "./messages.ts";
import { publishServed } from "./served.ts";
import type { ServerCall } from "./server-call.ts";

export function serveUnary(
  plan: MethodPlan,
  admission: Admission,
  limits: RpcLimits,
): handleUnaryCall<Buffer, Buffer> {
  const answer = async (bytes: Buffer, call: ServerCall): Promise<Buffer> => {
    const request = readRequest(plan, bytes, { call, limits });
    const before = failpoint(plan.failpointBefore);
    if (before) await before;
    const response = encode(plan, await plan.handler?.(request, call));
    const after = failpoint(plan.failpointAfter);
    if (after) await after;
    publishServed(plan.path, bytes, response);
    return response;
  };
  return (grpcCall, respond) => {
    const call = admission.take(grpcCall.metadata);
    answer(grpcCall.request, call)
      .then(
        (response) => respond(null, response),
        (error) => respond(statusOfError(error, call)),
      )
      .finally(() => call.finish());
  };
}

export function serveStream(
  plan: MethodPlan,
  admission: Admission,
  options: { limits: RpcLimits; stopping: AbortSignal },
): handleServerStreamingCall<Buffer, Buffer> {
  const { limits, stopping } = options;
  const answer = async (stream: ServerWritableStream<Buffer, Buffer>, call: ServerCall) => {
    const request = readRequest(plan, stream.request, { call, limits });
    const before = failpoint(plan.failpointBefore);
    if (before) await before;
    const responses = plan.handler?.(request, call) as AsyncIterable<unknown>;
    await writeAll({ plan, stream, responses, signal: AbortSignal.any([call.signal, stopping]) });
    const after = failpoint(plan.failpointAfter);
    if (after) await after;
    if (stopping.aborted) throw new StatusError(status.UNAVAILABLE, "the server is stopping");
  };
  return (stream) => {
    const call = admission.take(stream.metadata);
    answer(stream, call)
      .then(
        () => stream.end(),
        (error) => stream.emit("error", call.left ? error : statusOfError(error, call)),
      )
      .finally(() => call.finish());
  };
}

/** Writes until the responses or the call end, and no faster than the connection accepts. */
async function writeAll(options: {
  plan: MethodPlan;
  stream: ServerWritableStream<Buffer, Buffer>;
  responses: AsyncIterable<unknown>;
  signal: AbortSignal;
}): Promise<void> {
  const { plan, stream, responses, signal } = options;
  const iterator = responses[Symbol.asyncIterator]();
  const ended = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    if (signal.aborted) resolve(undefined);
  });
  try {
    for (;;) {
      const result = await Promise.race([iterator.next(), ended]);
      if (!result || result.done) return;
      const room = stream.write(encode(plan, result.value));
      if (!room) await Promise.race([once(stream, "drain", { signal }).catch(() => {}), ended]);
    }
  } finally {
    // Not awaited: a generator that is waiting returns only when its wait is over.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function readRequest(
  plan: MethodPlan,
  bytes: Buffer,
  { call, limits }: { call: ServerCall; limits: RpcLimits },
): unknown {
  const max = plan.access === Access.PUBLIC ? limits.maxPublicMessageBytes : limits.maxMessageBytes;
  if (bytes.length > max) {
    throw new StatusError(
      status.RESOURCE_EXHAUSTED,
      `the request has ${bytes.length} bytes; at most ${max} are allowed`,
    );
  }
  const request = decode(plan, bytes);
  plan.bindUser?.(request as Record<string, unknown>, call.caller);
  return request;
}

function decode(plan: MethodPlan, bytes: Buffer): unknown {
  try {
    return fromBinary(plan.method.input, bytes, { readUnknownFields: false });
  } catch {
    const description = `is not a well-formed ${plan.method.input.typeName}`;
    throw new Refusal(Reason.INVALID_ARGUMENT, {}, [{ field: "request", description }]);
  }
}

function encode({ method }: MethodPlan, response: unknown): Buffer {
  return encodeMessage(method.output, response as MessageInitShape<DescMessage>);
}

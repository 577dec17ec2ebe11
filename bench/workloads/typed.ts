import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { Caller, Rpc } from "../load/rpc.ts";

type Method<I extends DescMessage, O extends DescMessage> = DescMethod & { input: I; output: O };

/** Makes a call with messages, for an answer that is read. */
export async function ask<I extends DescMessage, O extends DescMessage>(
  rpc: Rpc,
  method: Method<I, O>,
  { request, caller }: { request: MessageInitShape<I>; caller: Caller },
): Promise<MessageShape<O>> {
  const bytes = toBinary(method.input, create(method.input, request));
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const path = `/${method.parent.typeName}/${method.name}`;
  const answer =
    method.methodKind === "server_streaming"
      ? await rpc.first(path, body, caller)
      : await rpc.call(path, body, caller);
  return fromBinary(method.output, answer);
}

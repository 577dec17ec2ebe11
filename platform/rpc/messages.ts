import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition } from "@grpc/grpc-js";

export type RawMethod = MethodDefinition<Buffer, Buffer>;

/**
 * A method whose messages pass through grpc-js as bytes. The handler decodes them, because grpc-js
 * answers INTERNAL if its own deserializer throws.
 */
export function rawMethod(path: string, { streaming }: { streaming: boolean }): RawMethod {
  return {
    path,
    requestStream: false,
    responseStream: streaming,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

/** The bytes of a message, from the message or from its fields. */
export function encodeMessage<Desc extends DescMessage>(
  schema: Desc,
  message: MessageInitShape<Desc>,
): Buffer {
  const bytes = toBinary(schema, create(schema, message));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function identity(bytes: Buffer): Buffer {
  return bytes;
}

import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition } from "@grpc/grpc-js";

/** A method of grpc-js: how grpc-js finds it and what it does with the bytes of its messages. */
export type RawMethod = MethodDefinition<Buffer, Buffer>;

/**
 * A method whose messages pass through grpc-js as bytes. They are encoded and decoded by its handler or its caller,
 * because grpc-js answers INTERNAL where its own deserializer throws.
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

/** The bytes of a message, given as a message or as the object to make it from. */
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

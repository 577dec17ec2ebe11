import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { refusalOfStatus } from "#platform/rpc/errors.ts";
import type { Refusal } from "#platform/values/refusal.ts";

/** The answer to a call, successful or not; nothing is thrown. */
export type RawAnswer = {
  /** A gRPC status code; 0 is OK. */
  code: number;
  details: string;
  refusal: Refusal | undefined;
  metadata: Metadata;
  /** The message of a successful call; the first one of a stream. */
  bytes: Buffer | undefined;
};

export type RawClient = {
  /** `path` is "/package.Service/Method"; the bytes are sent unchanged. */
  unary(path: string, bytes: Uint8Array, options?: RawOptions): Promise<RawAnswer>;
  /** Cancels the stream after its first message. */
  stream(path: string, bytes: Uint8Array, options?: RawOptions): Promise<RawAnswer>;
  close(): void;
};

export type RawOptions = {
  token?: string | undefined;
  /** Sent unchanged; a name may have several values. */
  headers?: [name: string, value: string][];
  withinMs?: number;
};

const defaultMs = 15_000;
const identity = (bytes: Buffer) => bytes;

/**
 * A gRPC client without the shop's own: any bytes, any headers, and the status as it was received.
 * It has a connection of its own.
 */
export function rawClient(address: string): RawClient {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    "grpc.max_send_message_length": -1,
    "grpc.max_receive_message_length": -1,
  });
  const prepare = (bytes: Uint8Array, options: RawOptions) => {
    const metadata = new Metadata();
    if (options.token !== undefined) metadata.set("authorization", `Bearer ${options.token}`);
    for (const [name, value] of options.headers ?? []) metadata.add(name, value);
    const deadline = Date.now() + (options.withinMs ?? defaultMs);
    return [identity, identity, Buffer.from(bytes), metadata, { deadline }] as const;
  };
  return {
    unary: (path, bytes, options = {}) =>
      new Promise((resolve) => {
        client.makeUnaryRequest(path, ...prepare(bytes, options), (error, response) =>
          resolve(error ? answerOf(error) : { ...success, bytes: response }),
        );
      }),
    stream: (path, bytes, options = {}) =>
      new Promise((resolve) => {
        const call = client.makeServerStreamRequest(path, ...prepare(bytes, options));
        call.once("data", (response: Buffer) => {
          resolve({ ...success, bytes: response });
          call.cancel();
        });
        call.on("error", (error: ServiceError) => resolve(answerOf(error)));
        call.once("end", () => resolve(success));
      }),
    close: () => client.close(),
  };
}

const success: RawAnswer = {
  code: 0,
  details: "",
  refusal: undefined,
  metadata: new Metadata(),
  bytes: undefined,
};

function answerOf(error: ServiceError): RawAnswer {
  const { code, details, metadata } = error;
  return { code, details, metadata, refusal: refusalOfStatus(error), bytes: undefined };
}

import {
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";

/** Calls with requests that are bytes already: what the load costs is not the shop's. */
export type Rpc = {
  /** Resolves to the answer's bytes; rejects with gRPC's ServiceError. */
  call(path: string, body: Buffer, caller: Metadata): Promise<Buffer>;
  /** Resolves to the first message of a stream, which is then left. */
  first(path: string, body: Buffer, caller: Metadata): Promise<Buffer>;
  close(): void;
};

const TIMEOUT_MS = 10_000;
const OPTIONS: ChannelOptions = {
  // All replicas get their share.
  "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  "grpc.enable_channelz": 0,
  "grpc.enable_http_proxy": 0,
  // Each phase's clients have connections of their own.
  "grpc.use_local_subchannel_pool": 1,
};

const same = (bytes: Buffer) => bytes;

export function openRpc(address: string): Rpc {
  const client = new Client(address, credentials.createInsecure(), OPTIONS);
  return {
    call: (path, body, caller) =>
      new Promise((resolve, reject) => {
        const options = { deadline: Date.now() + TIMEOUT_MS };
        client.makeUnaryRequest(path, same, same, body, caller, options, (error, answer) => {
          if (error) reject(error);
          else resolve(answer as Buffer);
        });
      }),
    first: (path, body, caller) =>
      new Promise((resolve, reject) => {
        const options = { deadline: Date.now() + TIMEOUT_MS };
        const stream = client.makeServerStreamRequest(path, same, same, body, caller, options);
        stream.once("data", (message: Buffer) => {
          resolve(message);
          stream.cancel();
        });
        // Leaving ends the stream as cancelled, which nobody waits for any more.
        stream.on("error", reject);
        stream.on("end", () => reject(new Error(`${path} ended without a message`)));
      }),
    close: () => client.close(),
  };
}

export function callerOf(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

/** "RESOURCE_EXHAUSTED RATE_LIMITED": the status, and what the shop said why. */
export function outcomeOf(error: unknown): string {
  const { code, details } = error as Partial<ServiceError>;
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  const reason = /^[A-Z_]+$/.exec(details ?? "")?.[0];
  return reason === undefined ? `${status[code]}` : `${status[code]} ${reason}`;
}

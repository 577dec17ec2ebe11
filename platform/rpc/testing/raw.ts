import { connect } from "node:http2";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

const identity = (bytes: Buffer) => bytes;

/** Sends any bytes as a request. Resolves with the numeric status. */
export function callRaw(
  address: string,
  call: { path: string; bytes: Buffer; token?: string },
): Promise<number> {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.max_send_message_length": -1,
  });
  const metadata = new Metadata();
  if (call.token !== undefined) metadata.set("authorization", `Bearer ${call.token}`);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      call.path,
      identity,
      identity,
      call.bytes,
      metadata,
      (error: ServiceError | null) => {
        client.close();
        resolve(error?.code ?? 0);
      },
    );
  });
}

/** Makes a call with these headers, without a gRPC client. Resolves with its status trailer. */
export async function callHttp2(
  address: string,
  headers: Record<string, string>,
): Promise<{ status: number; message: string }> {
  const session = connect(`http://${address}`);
  try {
    return await new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": "POST",
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      const read = (fields: Record<string, unknown>) => {
        if (fields["grpc-status"] === undefined) return;
        const message = String(fields["grpc-message"] ?? "");
        resolve({ status: Number(fields["grpc-status"]), message });
      };
      stream.on("response", read).on("trailers", read).on("error", reject).resume();
      // An empty message: no compression, 0 bytes.
      stream.end(Buffer.alloc(5));
    });
  } finally {
    session.destroy();
  }
}

import { connect } from "node:http2";

/** The response; `grpc` is the gRPC status where it carries one. */
type Http2Answer = {
  http: number;
  grpc: number | undefined;
  message: string;
  reset: boolean;
};

/** One gRPC message in its frame. `length` overrides the length in the frame. */
export function frame(bytes: Uint8Array, { compressed = 0, length = bytes.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, bytes]);
}

/**
 * Makes one call without a gRPC library: `headers` replace the usual ones, and the body is sent
 * unchanged.
 */
export async function callHttp2(
  address: string,
  call: { path: string; headers?: Record<string, string>; body: Uint8Array },
): Promise<Http2Answer> {
  const session = connect(`http://${address}`);
  const answer: Http2Answer = { http: 0, grpc: undefined, message: "", reset: false };
  try {
    await new Promise<void>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request({
        ":method": "POST",
        ":path": call.path,
        "content-type": "application/grpc",
        te: "trailers",
        ...call.headers,
      });
      const read = (fields: Record<string, unknown>) => {
        if (fields[":status"] !== undefined) answer.http = Number(fields[":status"]);
        if (fields["grpc-status"] === undefined) return;
        answer.grpc = Number(fields["grpc-status"]);
        answer.message = String(fields["grpc-message"] ?? "");
      };
      stream.on("response", read).on("trailers", read).on("close", resolve).resume();
      stream.on("error", () => {
        answer.reset = true;
      });
      stream.end(call.body);
    });
    return answer;
  } finally {
    session.destroy();
  }
}

import { readFileSync } from "node:fs";
import { status } from "@grpc/grpc-js";

/**
 * The gRPC status that the comments of error.proto promise for each reason. It is read from the
 * text of the contract, so that it is independent of the server's table.
 */
export function promisedStatuses(): Map<string, number> {
  const file = new URL("../../proto/shop/common/v1/error.proto", import.meta.url);
  const text = readFileSync(file, "utf8");
  const promised = new Map<string, number>();
  const entry = /^ {2}\/\/ ([A-Z_]+)\b[^\n]*\n(?: {2}\/\/[^\n]*\n)*? {2}REASON_([A-Z_]+) = \d+;/gm;
  for (const [, code = "", reason = ""] of text.matchAll(entry)) {
    const number = status[code as keyof typeof status];
    if (typeof number === "number") promised.set(reason, number);
  }
  return promised;
}

import assert from "node:assert/strict";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { reasonName } from "#platform/values/refusal.ts";
import type { ErrorInfo } from "#proto/shop/common/v1/error_pb.ts";
import type { Method } from "./contract.ts";
import type { RawAnswer } from "./raw-call.ts";
import { promisedStatuses } from "./reasons.ts";

const promised = promisedStatuses();

/** Serializes a request that is given as a plain object. */
export function bytesOf({ desc }: Pick<Method, "desc">, request: object): Uint8Array {
  return toBinary(desc.input, create(desc.input, request as MessageInitShape<typeof desc.input>));
}

/**
 * Name of the gRPC status of an answer. A batch method answers each entry separately: for it, this
 * is the status that belongs to the first entry that was refused.
 */
export function statusNameOf({ desc }: Pick<Method, "desc">, answer: RawAnswer): string {
  if (answer.code !== status.OK || !answer.bytes) return status[answer.code] ?? String(answer.code);
  const message = fromBinary(desc.output, answer.bytes) as { results?: { error?: ErrorInfo }[] };
  const refused = message.results?.find(({ error }) => error !== undefined);
  if (!refused?.error) return "OK";
  return (
    status[promised.get(reasonName(refused.error.reason)) ?? -1] ?? "a reason without a status"
  );
}

// Names of the implementation, which would help only an attacker.
const LEAKS = [
  /\b(select|insert|update|delete)\b.*\b(from|into|set|where)\b/i,
  /\b(mysql|mariadb|sql|innodb|kysely|mikro|nats|jetstream|errno|ER_[A-Z]+|ECONN[A-Z]+)\b/i,
  /\b(127\.0\.0\.1|localhost|\d+\.\d+\.\d+\.\d+:\d+)\b/i,
  /\bat .+:\d+:\d+\b|node_modules|\.(ts|js|mjs)\b|\bundefined\b|\[object /,
  /\b(TypeError|RangeError|SyntaxError|AssertionError)\b/,
];

/** Fails when the answer exposes the implementation: SQL, a stack, a host or a path. */
export function assertLeaksNothing(answer: RawAnswer): void {
  const { details, refusal } = answer;
  const violations = (refusal?.violations ?? []).flatMap((v) => [v.field, v.description]);
  const texts = [details, ...Object.values(refusal?.metadata ?? {}), ...violations];
  for (const text of texts) {
    for (const leak of LEAKS) assert.doesNotMatch(text, leak);
  }
}

import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { anyPack, anyUnpack, durationFromMs } from "@bufbuild/protobuf/wkt";
import { errorInfo, fromErrorInfo, Reason, type Refusal } from "#platform/values/refusal.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema as GoogleErrorInfoSchema,
  RetryInfoSchema,
} from "#proto/google/rpc/error_details_pb.ts";
import { StatusSchema } from "#proto/google/rpc/status_pb.ts";
import { ErrorInfoSchema, ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";

/** What describes the details, so that clients can print them. */
export const DETAIL_FILES = [ErrorInfoSchema.file, GoogleErrorInfoSchema.file];

/** The domain of google.rpc.ErrorInfo: it makes the reasons unique among all services. */
const DOMAIN = "jetshop";

/** The pause before a repetition, for refusals that pass without a change of the request. */
const RETRY_MS = 1_000;
const PASSING = new Set<Reason>([
  Reason.DEPENDENCY_UNAVAILABLE,
  Reason.PROVIDER_UNAVAILABLE,
  Reason.REQUEST_IN_PROGRESS,
]);

/**
 * Bytes of all details. They travel in base64 in one trailer, and clients such as grpc-java accept
 * 8 KiB of trailers.
 */
const MAX_DETAILS_BYTES = 4_096;

/** A detail in the form that ConnectError takes. */
type StatusDetail = {
  desc: DescMessage;
  value: MessageInitShape<DescMessage>;
};

/**
 * The details of a refusal: the shop's own ErrorInfo, then the same facts as the messages of
 * google.rpc, which any client can print: ErrorInfo, BadRequest if fields are at fault, RetryInfo
 * if a later attempt may succeed. Leaves out BadRequest where all would be larger than trailers
 * may be.
 */
export function detailsOf(refusal: Refusal): StatusDetail[] {
  const { reason, metadata, violations } = refusal;
  const own = detail(ErrorInfoSchema, errorInfo(refusal));
  const name = ReasonSchema.value[reason]?.name ?? `REASON_${reason}`;
  const known = detail(GoogleErrorInfoSchema, { reason: name, domain: DOMAIN, metadata });
  const retryMs = retryMsOf(refusal);
  const retry =
    retryMs === undefined ? [] : [detail(RetryInfoSchema, { retryDelay: durationFromMs(retryMs) })];
  if (violations.length === 0) return [own, known, ...retry];
  const fields = detail(BadRequestSchema, { fieldViolations: violations });
  const all = [own, known, fields, ...retry];
  const fits = all.reduce((sum, one) => sum + bytesOf(one).length, 0) <= MAX_DETAILS_BYTES;
  return fits ? all : [own, known, ...retry];
}

/** A google.rpc.Status with the details of the refusal. */
export function encodeStatus(code: number, message: string, refusal: Refusal): Buffer {
  const details = detailsOf(refusal).map(({ desc, value }) => anyPack(desc, create(desc, value)));
  return Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message, details })));
}

/** The refusal in a google.rpc.Status. Undefined if it has none, or if the bytes are malformed. */
export function decodeErrorInfo(bytes: Uint8Array): Refusal | undefined {
  try {
    for (const packed of fromBinary(StatusSchema, bytes).details) {
      const info = anyUnpack(packed, ErrorInfoSchema);
      if (info) return fromErrorInfo(info);
    }
  } catch {
    // Malformed details of a server outside the shop: the status code still counts.
  }
  return undefined;
}

function retryMsOf({ reason, metadata }: Refusal): number | undefined {
  const named = Number(metadata.retry_after_ms);
  if (Number.isSafeInteger(named) && named > 0) return named;
  return PASSING.has(reason) ? RETRY_MS : undefined;
}

function detail<Desc extends DescMessage>(desc: Desc, value: MessageInitShape<Desc>): StatusDetail {
  return { desc, value: value as MessageInitShape<DescMessage> };
}

function bytesOf({ desc, value }: StatusDetail): Uint8Array {
  return toBinary(desc, create(desc, value));
}

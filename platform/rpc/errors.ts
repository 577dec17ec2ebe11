import { randomUUID } from "node:crypto";
import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import type { Log } from "#platform/telemetry/log.ts";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { decodeErrorInfo, encodeStatus } from "./status-details.ts";

type KnownReason = (typeof Reason)[keyof typeof Reason];

/** The trailer with google.rpc.Status, from which gRPC and Connect clients read the details. */
export const DETAILS_TRAILER = "grpc-status-details-bin";

/** Characters of a status message. It travels in a header, where longer text is refused. */
const MAX_MESSAGE_LENGTH = 500;

/** The gRPC status of each reason, as the comments of error.proto promise. */
export const STATUS_OF_REASON: Record<KnownReason, status> = {
  [Reason.UNSPECIFIED]: status.INTERNAL,
  [Reason.INVALID_ARGUMENT]: status.INVALID_ARGUMENT,
  [Reason.UNAUTHENTICATED]: status.UNAUTHENTICATED,
  [Reason.PERMISSION_DENIED]: status.PERMISSION_DENIED,
  [Reason.REQUEST_ID_REUSED]: status.INVALID_ARGUMENT,
  [Reason.RATE_LIMITED]: status.RESOURCE_EXHAUSTED,
  [Reason.TOKEN_EXPIRED]: status.UNAUTHENTICATED,
  [Reason.ETAG_MISMATCH]: status.ABORTED,
  [Reason.GOODS_NOT_FOUND]: status.NOT_FOUND,
  [Reason.GOODS_NOT_ON_SALE]: status.FAILED_PRECONDITION,
  [Reason.GOODS_PRICE_CHANGED]: status.FAILED_PRECONDITION,
  [Reason.STOCK_NOT_ENOUGH]: status.FAILED_PRECONDITION,
  [Reason.COUPON_NOT_FOUND]: status.NOT_FOUND,
  [Reason.COUPON_ALREADY_USED]: status.FAILED_PRECONDITION,
  [Reason.COUPON_NOT_VALID_NOW]: status.FAILED_PRECONDITION,
  [Reason.COUPON_MINIMUM_NOT_MET]: status.FAILED_PRECONDITION,
  [Reason.COUPON_REVOKED]: status.FAILED_PRECONDITION,
  [Reason.USER_NOT_FOUND]: status.NOT_FOUND,
  [Reason.USER_NAME_TAKEN]: status.ALREADY_EXISTS,
  [Reason.BALANCE_NOT_ENOUGH]: status.FAILED_PRECONDITION,
  [Reason.ORDER_NOT_FOUND]: status.NOT_FOUND,
  [Reason.SHIPPING_FEE_INVALID]: status.INVALID_ARGUMENT,
  [Reason.ORDER_AMOUNT_INVALID]: status.INVALID_ARGUMENT,
  [Reason.ORDER_STATE_INVALID]: status.FAILED_PRECONDITION,
  [Reason.OVERPAID]: status.INVALID_ARGUMENT,
  [Reason.DEPENDENCY_UNAVAILABLE]: status.UNAVAILABLE,
  [Reason.REQUEST_IN_PROGRESS]: status.ABORTED,
  [Reason.ORDER_CLOSED]: status.FAILED_PRECONDITION,
  [Reason.PAYMENT_NOT_FOUND]: status.NOT_FOUND,
  [Reason.ORDER_ALREADY_PAID]: status.FAILED_PRECONDITION,
  [Reason.CALLBACK_SIGNATURE_INVALID]: status.UNAUTHENTICATED,
  [Reason.CALLBACK_AMOUNT_MISMATCH]: status.INVALID_ARGUMENT,
  [Reason.PROVIDER_UNAVAILABLE]: status.UNAVAILABLE,
  [Reason.PROVIDER_NOT_FOUND]: status.NOT_FOUND,
};

/** A status without a Reason, such as UNIMPLEMENTED. */
export class StatusError extends Error {
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.name = "StatusError";
    this.code = code;
  }
}

export type AnsweredStatus = Pick<StatusObject, "code" | "details" | "metadata">;

/**
 * The status with which a failed call is answered. A Refusal and a StatusError keep their status;
 * the `cause` of a Refusal is an outage that only the log has.
 * An Outage is UNAVAILABLE. After the deadline, any failure but those two is DEADLINE_EXCEEDED.
 * Anything else is a broken assumption: INTERNAL with an id, and only the log has the cause.
 */
export function statusOfError(
  error: unknown,
  context: { log: Log; deadlineMs: number },
): AnsweredStatus {
  if (error instanceof Refusal) {
    if (error.cause) context.log.warn({ error: error.cause }, `answered: ${error.message}`);
    return statusOfRefusal(error);
  }
  if (error instanceof StatusError) return answered(error.code, error.message);
  const late = Date.now() >= context.deadlineMs;
  if (late) return answered(status.DEADLINE_EXCEEDED, "the deadline has passed");
  if (error instanceof Outage) {
    context.log.warn({ error }, "answered UNAVAILABLE");
    return answered(status.UNAVAILABLE, "something that is needed did not answer; try again");
  }
  const errorId = randomUUID();
  context.log.error({ error, errorId }, "answered INTERNAL");
  return answered(status.INTERNAL, `internal error ${errorId}`);
}

export function statusOfRefusal(refusal: Refusal): AnsweredStatus {
  const code = STATUS_OF_REASON[refusal.reason as KnownReason] ?? status.INTERNAL;
  const answer = answered(code, refusal.message);
  answer.metadata.set(DETAILS_TRAILER, encodeStatus(code, answer.details, refusal));
  return answer;
}

/**
 * The refusal that a failed call carries. Undefined without one: it is then unknown whether the
 * call had its effect.
 */
export function refusalOfStatus(failed: { code: number; metadata: Metadata }): Refusal | undefined {
  const [details] = failed.metadata.get(DETAILS_TRAILER);
  if (!Buffer.isBuffer(details)) return undefined;
  const refusal = decodeErrorInfo(details);
  if (!refusal || refusal.reason === Reason.UNSPECIFIED) return undefined;
  return STATUS_OF_REASON[refusal.reason as KnownReason] === failed.code ? refusal : undefined;
}

/** Whether grpc-js rejected a call with this error. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "metadata" in error;
}

function answered(code: status, message: string): AnsweredStatus {
  // grpc-js passes the text to encodeURI, which throws on half a surrogate pair.
  const details = message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed();
  return { code, details, metadata: new Metadata() };
}

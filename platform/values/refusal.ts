import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ErrorInfoSchema, Reason, ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";

export { Reason } from "#proto/shop/common/v1/error_pb.ts";

/** What is wrong with one field of a request. `field` is its path, such as "lines[2].quantity". */
export type Violation = { field: string; description: string };

/** The fields of shop.common.v1.ErrorInfo. */
type ErrorInfoFields = {
  reason: Reason;
  metadata: Record<string, string>;
  fieldViolations: Violation[];
};

/**
 * The request cannot be fulfilled, because of its contents or of the state of what it is about. It
 * is thrown before anything is written, or in a transaction, which is then rolled back. The caller
 * gets the reason and the metadata: facts such as ids and amounts, never internal text.
 */
export class Refusal extends Error {
  readonly reason: Reason;
  readonly metadata: Record<string, string>;
  readonly violations: Violation[];

  constructor(reason: Reason, metadata: Record<string, string> = {}, violations: Violation[] = []) {
    // A refusal is an ordinary answer; its stack trace would cost more than making it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(messageOf(reason, violations));
    Error.stackTraceLimit = stackTraceLimit;
    this.name = "Refusal";
    this.reason = reason;
    this.metadata = metadata;
    this.violations = violations;
  }
}

/**
 * Something that the work depends on failed or did not answer, and its effect may be unknown. The
 * caller gets UNAVAILABLE and may repeat the request with the same request_id.
 */
export class Outage extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "Outage";
  }
}

/** The name of a reason without its prefix: "STOCK_NOT_ENOUGH". */
export function reasonName(reason: Reason): string {
  return ReasonSchema.value[reason]?.localName ?? `REASON_${reason}`;
}

/** A refusal as the answer of one entry of a batch. */
export function errorInfo(refusal: Refusal): ErrorInfoFields {
  return {
    reason: refusal.reason,
    metadata: refusal.metadata,
    fieldViolations: refusal.violations,
  };
}

/** The refusal in an answer of another service. */
export function fromErrorInfo(info: MessageInitShape<typeof ErrorInfoSchema>): Refusal {
  const violations = (info.fieldViolations ?? []).map((violation) => ({
    field: violation.field ?? "",
    description: violation.description ?? "",
  }));
  return new Refusal(info.reason ?? Reason.UNSPECIFIED, { ...info.metadata }, violations);
}

function messageOf(reason: Reason, violations: Violation[]): string {
  const first = violations[0];
  if (!first) return reasonName(reason);
  const rest = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return `${reasonName(reason)}: ${first.field} ${first.description}${rest}`;
}

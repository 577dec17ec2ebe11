import type { MessageInitShape } from "@bufbuild/protobuf";
import { type ErrorInfoSchema, Reason, ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";

export { Reason } from "#proto/shop/common/v1/error_pb.ts";

/** What is wrong with one field of a request; `field` is its path, such as "lines[2].quantity". */
export type Violation = { field: string; description: string };

/** The fields of shop.common.v1.ErrorInfo, without a message around them. */
export type ErrorInfoFields = {
  reason: Reason;
  metadata: Record<string, string>;
  fieldViolations: Violation[];
};

/**
 * A business refusal: the caller, or the state of things, is in the way. Whoever throws it has changed nothing, and the
 * caller is told the reason. The metadata goes to the caller too: facts only, no text the caller did not send.
 */
export class Refusal extends Error {
  readonly reason: Reason;
  readonly metadata: Record<string, string>;
  readonly violations: Violation[];

  constructor(reason: Reason, metadata: Record<string, string> = {}, violations: Violation[] = []) {
    // A refusal is an answer, and often one of thousands: where it was made is not worth the time to find out.
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
 * Trouble of the world: something did not answer, and whether it had its effect is unknown. The caller gets UNAVAILABLE
 * and may ask again with the same request_id.
 */
export class Outage extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "Outage";
  }
}

/** The name of a reason without its prefix, such as "STOCK_NOT_ENOUGH". */
export function reasonName(reason: Reason): string {
  return ReasonSchema.value[reason]?.localName ?? `REASON_${reason}`;
}

/** What a batch method answers for an entry that it refused. */
export function errorInfo(refusal: Refusal): ErrorInfoFields {
  return {
    reason: refusal.reason,
    metadata: refusal.metadata,
    fieldViolations: refusal.violations,
  };
}

/** The refusal that another service answered. */
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

import { RefundStatus } from "./refunds.ts";

/** How far a refund is, as far as the provider has proven it. */
export type RefundProgress = {
  status: RefundStatus;
  /** How often the provider took a success back. */
  reopens: number;
};

/** Statuses in the sequence in which a refund has them, until it reopens. */
const SEQUENCE: readonly RefundStatus[] = [
  RefundStatus.REQUESTED,
  RefundStatus.REQUIRES_ACTION,
  RefundStatus.SUCCEEDED,
];

/**
 * Whether a report is later than what is known. Reports arrive repeatedly and in any order; each
 * reopening starts the sequence of statuses again, so the later of two reports is known without
 * their times, and the latest one decides in the end.
 */
export function isLater(reported: RefundProgress, known: RefundProgress): boolean {
  if (reported.reopens !== known.reopens) return reported.reopens > known.reopens;
  return SEQUENCE.indexOf(reported.status) > SEQUENCE.indexOf(known.status);
}

/**
 * What a later report means for the order. A report that overtook others implies them: a refund
 * that reopened had succeeded before.
 */
export function stepsTo(
  reported: RefundProgress,
  known: RefundProgress,
): readonly ("succeed" | "reopen")[] {
  const hasReopened = reported.reopens > known.reopens;
  const isDone = reported.status === RefundStatus.SUCCEEDED;
  return [
    ...(hasReopened && known.status !== RefundStatus.SUCCEEDED ? (["succeed"] as const) : []),
    ...(hasReopened ? (["reopen"] as const) : []),
    ...(isDone ? (["succeed"] as const) : []),
  ];
}

/**
 * Whether goods, balance, points and coupon went back. That happens with the first success and
 * stays when the refund reopens: only the provider's part of the money is missing then.
 */
export function hasReturned({ status, reopens }: RefundProgress): boolean {
  return status === RefundStatus.SUCCEEDED || reopens > 0;
}

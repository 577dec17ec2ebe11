import { growingPause } from "../../domain/pause.ts";
import { RefundStatus } from "../../domain/refund.ts";
import { MAX_ACTION_PAUSE_MS, MAX_PENDING_PAUSE_MS, MAX_SWEEP_PAUSE_MS } from "../../limits.ts";

/** The longest of all pauses of a refund. */
export const longestRefundPauseMs = ({ refundRetryMs }: { refundRetryMs: number }) =>
  Math.max(refundRetryMs, MAX_ACTION_PAUSE_MS, MAX_PENDING_PAUSE_MS, MAX_SWEEP_PAUSE_MS);

/** The pause of a refund after `tries` tries, unless the provider names one. */
export function refundPause(
  { status, tries }: { status: RefundStatus; tries: number },
  firstMs: { refundRetryMs: number; queryAfterMs: number },
): number {
  const { refundRetryMs, queryAfterMs } = firstMs;
  switch (status) {
    case RefundStatus.PENDING:
      return growingPause(tries, { firstMs: queryAfterMs, maxMs: MAX_PENDING_PAUSE_MS });
    case RefundStatus.REQUIRES_ACTION:
      return growingPause(tries, { firstMs: refundRetryMs, maxMs: MAX_ACTION_PAUSE_MS });
    default:
      return growingPause(tries, { firstMs: refundRetryMs, maxMs: MAX_SWEEP_PAUSE_MS });
  }
}

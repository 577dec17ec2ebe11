import { UNVERIFIED_BURST, UNVERIFIED_PER_SECOND } from "../../limits.ts";

/** Chooses which unverified callbacks are stored. */
export type UnverifiedSample = {
  /** 0 if the next one is to be stored, else how many in a row are not, it included. */
  skipped(): number;
};

/**
 * Stores the first ones, so that a wrong secret is found and its callbacks can be judged again, and
 * then a few per second: anyone can send them, and each would cost a transaction.
 */
export function sampleUnverified(nowMs: () => number = () => performance.now()): UnverifiedSample {
  let credit = UNVERIFIED_BURST;
  let creditedMs = nowMs();
  let skipped = 0;
  return {
    skipped() {
      const now = nowMs();
      const earned = ((now - creditedMs) / 1_000) * UNVERIFIED_PER_SECOND;
      credit = Math.min(UNVERIFIED_BURST, credit + earned);
      creditedMs = now;
      if (credit < 1) {
        skipped += 1;
        return skipped;
      }
      credit -= 1;
      skipped = 0;
      return 0;
    },
  };
}

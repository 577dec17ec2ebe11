import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Reason, Refusal } from "#platform/values/refusal.ts";

export type LoginAttempts = {
  /**
   * Counts an attempt for this name as failed when it begins, so that concurrent attempts count
   * too. Rejects with Refusal(RATE_LIMITED) if the name has used up its failures. The result takes
   * this attempt back: call it if the attempt succeeded or was never decided.
   */
  begin(name: string): Promise<() => Promise<void>>;
};

/**
 * Allows each name `maxFailures` failed logins in a window that begins with the first failure and
 * lasts `windowSeconds`. Each process counts for itself. Memory is bounded by the rate of password
 * hashing: only names with a failure in the current window, or an attempt in flight, have a record.
 */
export function loginAttempts(options: {
  maxFailures: number;
  windowSeconds: number;
}): LoginAttempts {
  const { maxFailures, windowSeconds } = options;
  const limiter = new RateLimiterMemory({ points: maxFailures, duration: windowSeconds });

  /** Frees the record of a name without failures at once, rather than at the end of its window. */
  const takeBack = async (name: string) => {
    const { consumedPoints } = await limiter.reward(name);
    if (consumedPoints <= 0) await limiter.delete(name);
  };

  return {
    async begin(name) {
      const counted = await limiter.consume(name).catch(async (error: unknown) => {
        if (!(error instanceof RateLimiterRes)) throw error;
        await takeBack(name);
        throw new Refusal(Reason.RATE_LIMITED, { cause: "failed_logins", limit: `${maxFailures}` });
      });
      const windowEndMs = Date.now() + counted.msBeforeNext;
      let isCounted = true;
      return async () => {
        // A later window does not contain this attempt.
        if (isCounted && Date.now() < windowEndMs) await takeBack(name);
        isCounted = false;
      };
    },
  };
}

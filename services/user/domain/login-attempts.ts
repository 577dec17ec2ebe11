import { Reason, Refusal } from "#platform/values/refusal.ts";

export type LoginAttempts = {
  /**
   * Counts a try of this name as failed from its start, so that tries at the same moment count too. Raises
   * Refusal(RATE_LIMITED) where the name has had its failures. The answer takes this try back: for a try that
   * succeeded or was never decided.
   */
  begin(name: string, nowMs: number): () => void;
};

/**
 * Allows each name `maxFailures` failed logins in any `windowMs`. Remembers the `maxNames` names that failed last: what
 * a replica forgets, or another one saw, is not counted.
 */
export function loginAttempts(options: {
  maxFailures: number;
  windowMs: number;
  maxNames: number;
}): LoginAttempts {
  const { maxFailures, windowMs, maxNames } = options;
  // A Map keeps the order of insertion, and so the name that failed longest ago comes first.
  const failures = new Map<string, number[]>();

  return {
    begin(name, nowMs) {
      const recent = (failures.get(name) ?? []).filter((at) => at > nowMs - windowMs);
      if (recent.length >= maxFailures) {
        throw new Refusal(Reason.RATE_LIMITED, { cause: "failed_logins", limit: `${maxFailures}` });
      }
      recent.push(nowMs);
      failures.delete(name);
      failures.set(name, recent);
      for (const oldest of failures.keys()) {
        if (failures.size <= maxNames) break;
        failures.delete(oldest);
      }
      return () => {
        const current = failures.get(name);
        const index = current?.indexOf(nowMs) ?? -1;
        if (current === undefined || index < 0) return;
        current.splice(index, 1);
        if (current.length === 0) failures.delete(name);
      };
    },
  };
}

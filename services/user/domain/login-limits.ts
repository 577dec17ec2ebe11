/** Failed logins of one name from one origin, or from all origins that the shop does not know. */
export type Failures = {
  failures: number;
  windowStart: Date;
  /** When the latest attempt began. */
  lastTime: Date;
};

export type LoginLimits = {
  /** Failures of one name from one origin in a window; further attempts wait for its end. */
  perOrigin: { failures: number; windowSeconds: number };
  /** Failures of one name from all unknown origins in a window; further attempts are spaced. */
  overall: { failures: number; windowSeconds: number; pauseSeconds: number };
};

/** The counts with the new attempt as a failure, or how long the caller has to wait. */
type AttemptDecision =
  | { admitted: true; own: Failures; overall: Failures | undefined }
  | { admitted: false; waitMs: number };

/**
 * Decides whether a login may try a password. The limit of an origin stops guessing from there and
 * locks no other user out. The overall limit slows down guessing from many origins. It does not apply
 * to a known device, for which `overall` is undefined.
 */
export function decideAttempt(
  counts: { own: Failures; overall: Failures | undefined },
  { limits, now }: { limits: LoginLimits; now: Date },
): AttemptDecision {
  const own = current(counts.own, limits.perOrigin.windowSeconds, now);
  if (own.failures >= limits.perOrigin.failures) {
    return refused(own.windowStart, limits.perOrigin.windowSeconds, now);
  }
  const { failures, windowSeconds, pauseSeconds } = limits.overall;
  const overall = counts.overall && current(counts.overall, windowSeconds, now);
  if (
    overall &&
    overall.failures >= failures &&
    secondsSince(overall.lastTime, now) < pauseSeconds
  ) {
    return refused(overall.lastTime, pauseSeconds, now);
  }
  return { admitted: true, own: counted(own, now), overall: overall && counted(overall, now) };
}

function current(count: Failures, windowSeconds: number, now: Date): Failures {
  if (secondsSince(count.windowStart, now) < windowSeconds) return count;
  return { failures: 0, windowStart: now, lastTime: count.lastTime };
}

function counted(count: Failures, now: Date): Failures {
  return { ...count, failures: count.failures + 1, lastTime: now };
}

function refused(since: Date, seconds: number, now: Date): AttemptDecision {
  const waitMs = since.getTime() + seconds * 1_000 - now.getTime();
  return { admitted: false, waitMs: Math.max(1, waitMs) };
}

function secondsSince(time: Date, now: Date): number {
  return (now.getTime() - time.getTime()) / 1_000;
}

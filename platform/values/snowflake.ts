import { Outage } from "./refusal.ts";

// 63-bit identifiers: 41 bits of milliseconds since 2024-01-01, 10 bits of worker number, 12 bits of sequence.

/** 2024-01-01T00:00:00Z; 41 bits last from there until 2093. */
export const EPOCH_MS = 1_704_067_200_000;
export const WORKER_COUNT = 1024;
const SEQUENCE_COUNT = 4096;

/** No identifier can be made now; the lease's owner is on its way to a new one. */
export class LeaseLost extends Outage {}

export type Snowflake = {
  /** The next identifier, greater than every earlier one of this generator. Throws LeaseLost outside the lease. */
  next(): bigint;
  /** Allows identifiers whose time is at most `ceilingMs` until the clock says `validUntilMs`. */
  extend(lease: { ceilingMs: number; validUntilMs: number }): void;
  /** The time of the last identifier. */
  lastMs(): number;
};

/**
 * Makes identifiers for one leased worker number. They never repeat: a clock that stands still or goes back leaves the
 * last time in use and counts the sequence on, into the following milliseconds where it overflows. They stay below the
 * lease's ceiling, which the next holder of the number starts above, so that even a crash and a clock that went back
 * cannot bring an old identifier again.
 *
 * `startMs` is the high-water mark of the number's last holder. `nowMs` is the clock, in Unix milliseconds.
 */
export function snowflake(options: {
  workerId: number;
  startMs: number;
  nowMs: () => number;
}): Snowflake {
  const { workerId, nowMs } = options;
  if (!Number.isInteger(workerId) || workerId < 0 || workerId >= WORKER_COUNT) {
    throw new RangeError(`worker number ${workerId} is not 0 to ${WORKER_COUNT - 1}`);
  }
  let lastMs = Math.floor(options.startMs);
  let sequence = SEQUENCE_COUNT - 1;
  let ceilingMs = 0;
  let validUntilMs = 0;
  return {
    next() {
      const now = Math.floor(nowMs());
      if (now > lastMs) {
        lastMs = now;
        sequence = 0;
      } else if (sequence === SEQUENCE_COUNT - 1) {
        lastMs += 1;
        sequence = 0;
      } else {
        sequence += 1;
      }
      if (lastMs > ceilingMs || now >= validUntilMs) {
        throw new LeaseLost(
          `worker number ${workerId}: the lease ended or the clock is too far off`,
        );
      }
      return (BigInt(lastMs - EPOCH_MS) << 22n) | (BigInt(workerId) << 12n) | BigInt(sequence);
    },
    extend(lease) {
      ceilingMs = lease.ceilingMs;
      validUntilMs = lease.validUntilMs;
    },
    lastMs: () => lastMs,
  };
}

import { Outage } from "./refusal.ts";

// 63-bit identifiers: 41 bits of milliseconds since 2024-01-01, 10 bits of worker number and 12
// bits of sequence.

/** 2024-01-01T00:00:00Z. 41 bits of milliseconds reach to 2093. */
export const EPOCH_MS = 1_704_067_200_000;
export const WORKER_COUNT = 1024;
const SEQUENCE_COUNT = 4096;

/** No identifier can be made until a worker number is leased again. */
export class LeaseLost extends Outage {}

export type Snowflake = {
  /**
   * An identifier above every earlier one of this generator. Throws LeaseLost outside the lease.
   */
  next(): bigint;
  /** Allows identifiers with times up to `ceilingMs`, until the clock reaches `validUntilMs`. */
  extend(lease: { ceilingMs: number; validUntilMs: number }): void;
  /** The time of the last identifier. */
  lastMs(): number;
};

/**
 * Makes identifiers for one leased worker number. They never repeat. While the clock stands still
 * or is behind, the last time stays in use and the sequence continues, into the next millisecond
 * when it overflows. Times stay below the ceiling of the lease, and the next holder of the number
 * starts above it, so neither a crash nor a clock that was set back brings an identifier again.
 *
 * `startMs` is the ceiling of the last holder. `nowMs` is the clock, in Unix milliseconds.
 */
export function snowflake(options: {
  workerId: number;
  startMs: number;
  nowMs: () => number;
}): Snowflake {
  const { workerId, nowMs } = options;
  if (!Number.isInteger(workerId) || workerId < 0 || workerId >= WORKER_COUNT) {
    throw new RangeError(`worker number ${workerId} is not from 0 to ${WORKER_COUNT - 1}`);
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
          `the lease of worker number ${workerId} has expired, or the clock is too far ahead`,
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

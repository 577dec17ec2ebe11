import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";

export type { Histogram };

/** Microseconds, from 1 to two minutes, each with three digits. */
const MOST_MICROSECONDS = 120_000_000;
const DIGITS = 3;
/** Of a bucket: counts up to 2^32. */
const BUCKET_BITS = 32;

/** Milliseconds. */
type Spread = { p50: number; p90: number; p99: number; p999: number; max: number };

export function newHistogram(): Histogram {
  return build({
    bitBucketSize: BUCKET_BITS,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MOST_MICROSECONDS,
    numberOfSignificantValueDigits: DIGITS,
    autoResize: false,
    useWebAssembly: false,
  });
}

/** A time in milliseconds; what is longer than two minutes counts as that. */
export function record(histogram: Histogram, ms: number): void {
  const microseconds = Math.round(ms * 1_000);
  histogram.recordValue(Math.min(Math.max(microseconds, 0), MOST_MICROSECONDS));
}

/** As it travels from a client process. */
export function encode(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** What several processes measured, as if one had. */
export function merge(encoded: readonly string[]): Histogram {
  const merged = newHistogram();
  for (const one of encoded) merged.add(decodeFromCompressedBase64(one, BUCKET_BITS));
  return merged;
}

export function spreadOf(histogram: Histogram): Spread {
  const at = (percentile: number) =>
    histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1_000;
  return {
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: histogram.totalCount === 0 ? 0 : histogram.maxValue / 1_000,
  };
}

/** Points of the curve of percentiles, closer together towards the end: [percentile, milliseconds]. */
export function curveOf(histogram: Histogram): [percentile: number, ms: number][] {
  if (histogram.totalCount === 0) return [];
  const percentiles = [0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.9, 99.95, 99.99, 100];
  return percentiles.map((percentile) => [
    percentile,
    histogram.getValueAtPercentile(percentile) / 1_000,
  ]);
}

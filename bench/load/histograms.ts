import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";

export type { Histogram };

/** From a microsecond to two minutes, with three significant digits. */
const MOST_MICROSECONDS = 120_000_000;
const DIGITS = 3;
/** Counts of a bucket up to 2^32. */
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

/** Records a time in milliseconds; a longer one counts as two minutes. */
export function record(histogram: Histogram, ms: number): void {
  const microseconds = Math.round(ms * 1_000);
  histogram.recordValue(Math.min(Math.max(microseconds, 0), MOST_MICROSECONDS));
}

/** Encodes a histogram for the IPC channel. */
export function encode(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** Merges the histograms of several processes. */
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

/** Points of the percentile curve, denser towards the end: [percentile, milliseconds]. */
export function curveOf(histogram: Histogram): [percentile: number, ms: number][] {
  if (histogram.totalCount === 0) return [];
  const percentiles = [0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.9, 99.95, 99.99, 100];
  return percentiles.map((percentile) => [
    percentile,
    histogram.getValueAtPercentile(percentile) / 1_000,
  ]);
}

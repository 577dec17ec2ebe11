// Loaded into the shop's processes by the bench (--import): counts the calls that each serves, and
// writes the counts to a file on SIGUSR2.

import { subscribe } from "node:diagnostics_channel";
import { renameSync, writeFileSync } from "node:fs";
import { SERVED, type Served } from "#platform/rpc/served.ts";

export type Counts = Record<string, { calls: number; bytes: number }>;

const file = process.env.BENCH_COUNTS;

if (file !== undefined) {
  const counts: Counts = {};
  subscribe(SERVED, (message) => {
    const { path, requestBytes, answerBytes } = message as Served;
    const count = counts[path] ?? { calls: 0, bytes: 0 };
    counts[path] = count;
    count.calls += 1;
    count.bytes += requestBytes + answerBytes;
  });
  process.on("SIGUSR2", () => {
    writeFileSync(`${file}.new`, JSON.stringify(counts));
    renameSync(`${file}.new`, file);
  });
}

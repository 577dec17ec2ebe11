import type { Figures } from "./measure/figures.ts";
import type { TargetName } from "./target.ts";

/** What one target did under one load, once. */
export type Turn = {
  /** Of the report: "place", "callback beside place" ... */
  workload: string;
  load: string;
  target: TargetName;
  figures: Figures;
  outcomes: Record<string, number>;
  perSecond: number[];
  curve: [percentile: number, ms: number][];
  /** Of a long run: memory and queues while it went on. */
  samples?: Sample[];
};

/** What can grow while the shop runs, at one moment. */
export type Sample = {
  atSeconds: number;
  memoryMib: Record<string, number>;
  /** Events that have not reached all their consumers, and messages that wait at the broker. */
  waitingEvents: number;
  pendingMessages: number;
};

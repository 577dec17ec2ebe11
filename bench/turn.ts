import type { Figures } from "./measure/figures.ts";
import type { TargetName } from "./target.ts";

/** One target under one load, once. */
export type Turn = {
  /** The name in the report: "place", "callback beside place" ... */
  workload: string;
  load: string;
  target: TargetName;
  figures: Figures;
  outcomes: Record<string, number>;
  perSecond: number[];
  curve: [percentile: number, ms: number][];
  /** Memory and queues during a long run. */
  samples?: Sample[];
};

/** What could grow during a run, at one moment. */
export type Sample = {
  atSeconds: number;
  memoryMib: Record<string, number>;
  /** Events that have not reached all consumers, and messages waiting at the broker. */
  waitingEvents: number;
  pendingMessages: number;
};

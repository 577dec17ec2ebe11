import type { Random } from "../../testbed/random.ts";
import type { Need } from "../../testbed/system/needs.ts";
import type { System, Topology } from "../../testbed/system/system.ts";
import type { Load } from "./load/load.ts";
import type { Market } from "./load/market.ts";

/** Ends the fault; resolves when what was broken is whole again. */
export type Heal = () => Promise<void>;

/** What lies under a system: prepared before it starts, such as a mount for the database's data. */
export type Prepared = { topology: Topology; remove(): Promise<void> };

export type Fault = {
  /** For the command line: words with hyphens. */
  name: string;
  /** The numbers of the catalogue that it covers, such as "F20". */
  catalogue: string[];
  /** What is done, in one line. */
  what: string;
  needs?: Need[];
  /** Where it needs a system of its own kind. Faults with equal ones share a system. */
  topology?: Topology;
  /** The same, where something has to be made first. Faults with the same function share a system. */
  prepare?: (log: (line: string) => void) => Promise<Prepared>;
} & (Switched | Scripted);

/** Something that can be broken and healed while the load runs, by itself or in the soak. */
type Switched = {
  /** Breaks it; the returned function heals it. Called again only after that. */
  inject(context: FaultContext): Promise<Heal>;
  /** How long it stays broken, at least and at most. Default 1 to 4 s. */
  holdMs?: readonly [number, number];
  /** False: not for the soak. */
  soak?: boolean;
  run?: undefined;
};

/** Something that has a course of its own. It leaves everything healed; the judgement follows. */
type Scripted = {
  run(course: ScriptContext): Promise<void>;
  /** Whether the load runs meanwhile. Default true. */
  load?: boolean;
  /** Also as a part of the soak. */
  inject?: Switched["inject"];
  holdMs?: Switched["holdMs"];
  soak?: boolean;
};

export type FaultContext = {
  system: System;
  random: Random;
  /** A line for whoever watches: what exactly is broken. */
  log: (line: string) => void;
};

export type ScriptContext = FaultContext & {
  market: Market;
  /** Undefined where the fault wants none. */
  load: Load | undefined;
  /** Ends early when the program is told to stop; long courses look at it between their steps. */
  signal: AbortSignal;
  /** One (or so many) more things were broken; the table counts them. A course that never says so counts as one. */
  injected(count?: number): void;
  /** For the report: what was counted besides, such as what a broker lost. */
  note(line: string): void;
  /**
   * Judges in the middle of a long course: stops the load, waits until quiet, judges, and starts the load again. All has
   * to be healed; `what` names it in the report. Throws where the shop did not keep its word, which ends the course.
   */
  judge(what: string): Promise<void>;
};

export const DEFAULT_HOLD_MS = [1_000, 4_000] as const;

import type { Random } from "../../testbed/random.ts";
import type { Need } from "../../testbed/system/needs.ts";
import type { System, Topology } from "../../testbed/system/system.ts";
import type { Load } from "./load/load.ts";
import type { Market } from "./load/market.ts";

/** Heals a fault; resolves when what was broken works again. */
export type Heal = () => Promise<void>;

/** What is made before a system starts, such as a mount for the database's data. */
export type Prepared = { topology: Topology; remove(): Promise<void> };

export type Fault = {
  /** The name on the command line: words with hyphens. */
  name: string;
  /** The numbers in the catalogue of docs/reliability.md, such as "F20". */
  catalogue: string[];
  /** What the fault does, in one line. */
  what: string;
  needs?: Need[];
  /** How its system differs. Faults with equal topologies share a system. */
  topology?: Topology;
  /** Prepares a topology, in place of `topology`. Faults with the same function share a system. */
  prepare?: (log: (line: string) => void) => Promise<Prepared>;
} & (SwitchedFault | ScriptedFault);

/** A fault that breaks something while the load runs and heals it later. */
type SwitchedFault = {
  /** Breaks something and returns what heals it. Called again only after that. */
  inject(context: FaultContext): Promise<Heal>;
  /** The shortest and longest time until it is healed. @default 1 to 4 s */
  holdMs?: readonly [number, number];
  /** Whether the soak uses the fault. @default true */
  soak?: boolean;
  run?: undefined;
};

/** A fault with a script of its own, which leaves everything healed; the judge follows. */
type ScriptedFault = {
  run(context: ScriptContext): Promise<void>;
  /** Whether the load runs meanwhile. @default true */
  load?: boolean;
  /** How the soak uses the fault. */
  inject?: SwitchedFault["inject"];
  holdMs?: SwitchedFault["holdMs"];
  soak?: boolean;
};

export type FaultContext = {
  system: System;
  random: Random;
  /** Reports what exactly is broken. */
  log: (line: string) => void;
};

export type ScriptContext = FaultContext & {
  market: Market;
  /** Undefined for a fault without load. */
  load: Load | undefined;
  /** Aborted when the run is interrupted; long scripts check it between their steps. */
  signal: AbortSignal;
  /** Counts injected faults for the report. A script that never calls it counts as one. */
  injected(count?: number): void;
  /** Adds a line to the report, such as what a broker lost. */
  note(line: string): void;
  /**
   * Judges in the middle of a long script: stops the load, waits until the shop is quiet, judges,
   * and starts the load again. Everything must be healed. `what` appears in the report. Throws, and
   * so ends the script, when a promise was broken.
   */
  judge(what: string): Promise<void>;
};

export const DEFAULT_HOLD_MS = [1_000, 4_000] as const;

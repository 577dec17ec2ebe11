import type { Figures } from "../measure/figures.ts";
import type { Machine } from "../measure/machine.ts";
import type { Options } from "../options.ts";
import type { Idle } from "../rounds/idle.ts";
import type { Audited } from "../shop/audit.ts";
import type { TargetName } from "../target.ts";
import type { Turn } from "../turn.ts";
import { medians } from "./statistics.ts";

/** One target under one load: the medians of its turns. */
export type Cell = {
  workload: string;
  load: string;
  target: TargetName;
  turns: number;
  figures: Figures;
  /** Sums over all turns. */
  outcomes: Record<string, number>;
};

export type Result = {
  machine: Machine;
  options: Options;
  cells: Cell[];
  turns: Turn[];
  /** Undefined without a warm-up. */
  idle: Idle | undefined;
  audited: Audited | undefined;
};

export function resultOf({ turns, ...rest }: Omit<Result, "cells">): Result {
  const groups = new Map<string, Turn[]>();
  for (const turn of turns) {
    const key = `${turn.workload}/${turn.load}/${turn.target}`;
    groups.set(key, [...(groups.get(key) ?? []), turn]);
  }
  return { ...rest, turns, cells: [...groups.values()].map(cellOf) };
}

function cellOf(turns: Turn[]): Cell {
  const [first] = turns;
  if (!first) throw new Error("a cell needs at least one turn");
  const outcomes: Record<string, number> = {};
  for (const turn of turns) {
    for (const [name, count] of Object.entries(turn.outcomes)) {
      outcomes[name] = (outcomes[name] ?? 0) + count;
    }
  }
  const { workload, load, target } = first;
  const figures = medians(turns.map((turn) => turn.figures));
  return { workload, load, target, turns: turns.length, figures, outcomes };
}

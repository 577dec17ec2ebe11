import { checkedOut } from "../../testbed/checked-out.ts";
import type { Judgement } from "./judge/judge.ts";

/** What was broken until one judgement, and the judgement. */
export type Round = {
  injected: number;
  acknowledged: number;
  judgement: Judgement;
  /** Everything that is wrong, in lines. */
  violations: string[];
};

/** Of one fault, over all its rounds. */
export type Result = {
  fault: string;
  /** Why it was not run. */
  skipped?: string;
  /** What was counted besides. */
  notes?: string[];
  rounds: Round[];
  /** How often each of several faults was injected, where a result is of more than one. */
  parts?: Record<string, number>;
  /** What ended it before its time. */
  error?: string;
};

type RunInfo = { seed: string; commit: string };

/** The commit that is checked out, with a plus sign where files differ from it. */
export function commitNow(): string {
  const { commit, changed } = checkedOut();
  return `${commit.slice(0, 12)}${changed ? "+" : ""}`;
}

type Line = {
  fault: string;
  injected: number;
  acknowledged: number;
  lost: number;
  doubled: number;
  refusedWithEffect: number;
  conserved: boolean;
  quietP50: number | undefined;
  quietMax: number | undefined;
};

function lineOf({ fault, rounds }: Result): Line {
  const sum = (of: (round: Round) => number) => rounds.reduce((all, one) => all + of(one), 0);
  const seconds = rounds
    .flatMap(({ judgement }) => judgement.secondsToQuiet ?? [])
    .sort((a, b) => a - b);
  return {
    fault,
    injected: sum(({ injected }) => injected),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ judgement }) => judgement.lost.length),
    doubled: sum(({ judgement }) => judgement.doubled.length),
    refusedWithEffect: sum(({ judgement }) => judgement.refusedWithEffect.length),
    conserved: rounds.every(({ violations }) => violations.length === 0),
    quietP50: seconds[Math.floor((seconds.length - 1) / 2)],
    quietMax: seconds.at(-1),
  };
}

/** Whether the shop kept its word in everything that was run. */
export function isKept(results: readonly Result[]): boolean {
  return results.every(
    (result) => result.error === undefined && (result.skipped || lineOf(result).conserved),
  );
}

const HEAD = [
  "fault",
  "times",
  "acknowledged",
  "lost",
  "doubled",
  "refused, but done",
  "conserved",
  "quiet after p50",
  "max",
];

/** A table for people, then what was wrong and what was left out. */
export function reportText(results: readonly Result[], { seed, commit }: RunInfo): string {
  const rows = results
    .filter(({ skipped }) => skipped === undefined)
    .map((result) => {
      const line = lineOf(result);
      const seconds = (value: number | undefined) =>
        value === undefined ? "-" : `${value.toFixed(1)} s`;
      return [
        line.fault,
        line.injected,
        line.acknowledged,
        line.lost,
        line.doubled,
        line.refusedWithEffect,
        conservedWord(result, line),
        seconds(line.quietP50),
        seconds(line.quietMax),
      ].map(String);
    });
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  return [
    format(HEAD),
    ...rows.map(format),
    ...results.flatMap(troubleLines),
    `seed ${seed}, commit ${commit}: ${verdictOn(results)}`,
  ].join("\n");
}

function conservedWord({ rounds }: Result, { conserved }: Line): string {
  if (!conserved) return "NO";
  return rounds.length === 0 ? "-" : "yes";
}

function verdictOn(results: readonly Result[]): string {
  if (!results.every((result) => lineOf(result).conserved)) return "THE SHOP BROKE ITS WORD";
  return isKept(results) ? "the shop kept its word" : "NOT FINISHED";
}

function troubleLines({ fault, skipped, notes, error, parts, rounds }: Result): string[] {
  const counts = Object.entries(parts ?? {}).map(([name, count]) => `${name} ${count}`);
  return [
    ...(counts.length === 0 ? [] : [`  ${fault}: ${counts.sort().join(", ")}`]),
    ...(skipped === undefined ? [] : [`  ${fault}: skipped, ${skipped}`]),
    ...(notes ?? []).map((line) => `  ${fault}: ${line}`),
    ...(error === undefined ? [] : [`  ${fault}: ${error}`]),
    ...rounds.flatMap(({ violations }) => violations.map((line) => `  ${fault}: ${line}`)),
  ];
}

export function reportJson(results: readonly Result[], info: RunInfo): string {
  const faults = results.map((result) => ({
    ...lineOf(result),
    skipped: result.skipped,
    notes: result.notes,
    parts: result.parts,
    error: result.error,
    violations: result.rounds.flatMap(({ violations }) => violations),
    secondsToQuiet: result.rounds.map(({ judgement }) => judgement.secondsToQuiet ?? null),
  }));
  return JSON.stringify({ ...info, kept: isKept(results), faults });
}

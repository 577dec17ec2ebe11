import { checkedOut } from "../../testbed/checked-out.ts";
import type { Judgement } from "./judge/judge.ts";

/** The faults between two judgements, and the second judgement. */
export type Round = {
  injected: number;
  acknowledged: number;
  judgement: Judgement;
  /** One line for each violation. */
  violations: string[];
};

/** The result of one fault, over all its rounds. */
export type Result = {
  fault: string;
  /** Why the fault was not played. */
  skipped?: string;
  /** Lines of the fault for the report. */
  notes?: string[];
  rounds: Round[];
  /** How often each fault was injected, for a result of several. */
  parts?: Record<string, number>;
  /** The error that ended it early. */
  error?: string;
};

type RunInfo = { seed: string; commit: string };

/** The checked-out commit, with a plus sign where files differ from it. */
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

/** Whether the shop kept its promises in everything that was played. */
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

/** The report as text: a table, then violations and skipped faults. */
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
        conservedCell(result, line),
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
    ...results.flatMap(detailLines),
    `seed ${seed}, commit ${commit}: ${conclusion(results)}`,
  ].join("\n");
}

function conservedCell({ rounds }: Result, { conserved }: Line): string {
  if (!conserved) return "NO";
  return rounds.length === 0 ? "-" : "yes";
}

function conclusion(results: readonly Result[]): string {
  if (!results.every((result) => lineOf(result).conserved)) return "PROMISES WERE BROKEN";
  return isKept(results) ? "the shop kept its promises" : "NOT FINISHED";
}

function detailLines({ fault, skipped, notes, error, parts, rounds }: Result): string[] {
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

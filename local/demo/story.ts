import { styleText } from "node:util";

/** Tells what happens, while it happens, with the time that each thing took. */
export type Story = {
  /** A new chapter, numbered. */
  chapter(title: string): void;
  /** One thing that happened. */
  tell(text: string): void;
};

const TIME_COLUMN = 92;

export function story(): Story {
  let number = 0;
  let sinceMs = performance.now();
  return {
    chapter(title) {
      number += 1;
      console.log(`\n${styleText("bold", `${String(number).padStart(2)}  ${title}`)}`);
    },
    tell(text) {
      const nowMs = performance.now();
      const tookMs = Math.round(nowMs - sinceMs);
      sinceMs = nowMs;
      const line = `      ${text}`;
      // What is only told, and not waited for, has no time.
      const took = tookMs === 0 ? "" : `${tookMs} ms`;
      const padded = line.padEnd(TIME_COLUMN - took.length);
      console.log(took === "" ? line : `${padded} ${styleText("dim", took)}`);
    },
  };
}

export function money(cents: bigint): string {
  const sign = cents < 0n ? "-" : "";
  const whole = cents < 0n ? -cents : cents;
  return `${sign}${whole / 100n}.${String(whole % 100n).padStart(2, "0")}`;
}

/** The name of an enum's value, as people write it: PARTIALLY_REFUNDED is "partially refunded". */
export function word(names: Record<string, number>, value: number): string {
  const found = Object.entries(names).find(([, number]) => number === value);
  return (found?.[0] ?? String(value)).toLowerCase().replaceAll("_", " ");
}

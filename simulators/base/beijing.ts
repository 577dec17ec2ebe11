import { DAY, HOUR } from "./limits.ts";

const OFFSET_MS = 8 * HOUR;

/** "2026-11-27 18:00:00" in Beijing time, as Alipay and statements write it. */
export function beijingTime(ms: number): string {
  return new Date(ms + OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");
}

/** "2026-11-27T18:00:00+08:00" */
export function beijingRfc3339(ms: number): string {
  return `${new Date(ms + OFFSET_MS).toISOString().slice(0, 19)}+08:00`;
}

/** "2026-11-27" */
export function beijingDay(ms: number): string {
  return beijingTime(ms).slice(0, 10);
}

/** The milliseconds of "yyyy-MM-dd HH:mm:ss" in Beijing; undefined for any other text. */
export function beijingMs(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return undefined;
  const ms = Date.parse(`${text.replace(" ", "T")}+08:00`);
  return Number.isNaN(ms) || beijingTime(ms) !== text ? undefined : ms;
}

/** The bounds of a day of Beijing, the end exclusive; undefined if there is no such day. */
export function beijingDayBounds(day: string): { fromMs: number; toMs: number } | undefined {
  const fromMs = beijingMs(`${day} 00:00:00`);
  return fromMs === undefined ? undefined : { fromMs, toMs: fromMs + DAY };
}

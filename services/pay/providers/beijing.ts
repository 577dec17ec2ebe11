// Alipay and WeChat Pay count in Beijing time, which has no daylight saving. Nothing here depends
// on the zone of the process.

const OFFSET_MS = 8 * 3_600_000;
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** "2026-11-27 18:00:00", as Alipay writes times. Milliseconds are dropped. */
export function beijingTime(time: Date): string {
  return new Date(time.getTime() + OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");
}

/** "2026-11-27T18:00:00+08:00", as WeChat Pay writes times. Milliseconds are dropped. */
export function beijingRfc3339(time: Date): string {
  return `${beijingTime(time).replace(" ", "T")}+08:00`;
}

/** The moment of "2026-11-27 18:00:00" in Beijing; undefined for any other text. */
export function parseBeijingTime(text: unknown): Date | undefined {
  if (typeof text !== "string" || !TIME.test(text)) return undefined;
  const time = new Date(`${text.replace(" ", "T")}+08:00`);
  // Date would turn 30 February into 2 March.
  const isValid = !Number.isNaN(time.getTime()) && beijingTime(time) === text;
  return isValid && time.getTime() >= 0 ? time : undefined;
}

import { table } from "../command/table.ts";
import type { RecordedCallback } from "./records.ts";

/** A callback after it was judged again. */
export type Rejudged = RecordedCallback & {
  /** What the provider would have been answered. */
  answer: string;
  /** The verdict before, with its cause. */
  before: string;
};

export function listText(callbacks: readonly RecordedCallback[]): string {
  if (callbacks.length === 0) return "no callback is on record";
  const rows = callbacks.map((callback) => {
    const { callbackId, lastTime, provider, source, paymentId, repeats } = callback;
    const again = repeats === 0 ? "" : ` (repeated ${repeats} times)`;
    return [
      callbackId,
      lastTime.toISOString(),
      `${verdictText(callback)}${again}`,
      `${source} of ${provider}`,
      paymentId === null ? "unverified sender" : `payment ${paymentId}`,
    ];
  });
  return `${table(rows)}\n\nnpm run callbacks -- --replay ID judges one again`;
}

export function rejudgedText(callbacks: readonly Rejudged[]): string {
  const changed = callbacks.filter((callback) => callback.before !== verdictText(callback));
  const rows = changed.map((callback) => [
    callback.callbackId,
    `${callback.before} -> ${verdictText(callback)}`,
    callback.answer,
  ]);
  const total = `judged again: ${callbacks.length}, with another verdict: ${changed.length}`;
  return rows.length === 0 ? total : `${table(rows)}\n${total}`;
}

/** The verdict, with its cause where it has one: "refused: signature". */
export function verdictText({ verdict, cause }: RecordedCallback): string {
  return cause === "" ? verdict : `${verdict}: ${cause}`;
}

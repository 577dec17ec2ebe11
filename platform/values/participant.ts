import type { Refusal } from "./refusal.ts";

/**
 * A participant decides a request once for each key and keeps the outcome in one row, so that it
 * can repeat the answer. The state of that row:
 *
 * - HELD: the key has what it asked for.
 * - RELEASED: the key is closed, or everything it held came back. A later request is refused.
 * - REFUSED: the key got nothing and never will. Only this state has a refusal.
 * - EARLY: nothing is decided yet, but a refund for the key has already arrived.
 */
export const ParticipantState = { HELD: 1, RELEASED: 2, REFUSED: 3, EARLY: 4 } as const;
export type ParticipantState = (typeof ParticipantState)[keyof typeof ParticipantState];

/** What every participant's row has besides its key and amounts. */
export type Decision<State extends ParticipantState = ParticipantState> = {
  state: State;
  refusal: Refusal | undefined;
};

/**
 * Splits keys that are being closed: `open` has the rows that go to RELEASED, `unknown` the keys
 * without a row, which get a RELEASED row so that a late request is refused. Rows that are already
 * released or refused stay as they are.
 */
export function splitForRelease<Key, Row extends Decision>(
  closing: ReadonlyMap<bigint, Key>,
  rows: ReadonlyMap<bigint, Row>,
): { open: Row[]; unknown: Key[] } {
  const open = [...rows.values()].filter(
    ({ state }) => state === ParticipantState.HELD || state === ParticipantState.EARLY,
  );
  const unknown = [...closing].filter(([key]) => !rows.has(key)).map(([, value]) => value);
  return { open, unknown };
}

/**
 * The first item of each key, in the order of the items. A request that repeats a key of its own
 * batch is answered from the decision about the first one.
 */
export function firstByKey<T>(items: Iterable<T>, keyOf: (item: T) => bigint): Map<bigint, T> {
  const first = new Map<bigint, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (!first.has(key)) first.set(key, item);
  }
  return first;
}

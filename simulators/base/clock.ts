import type { Store } from "./store.ts";

/**
 * The simulators' clock. It runs as the real one does, and can be moved: payments expire, refunds
 * settle, callbacks are repeated and statements appear by it. Signatures carry the real time, so
 * that a shop still accepts them after a move.
 */
export type Clock = {
  nowMs(): number;
  /** Moves the clock. The move is kept across restarts. It never goes back. */
  advance(ms: number): Promise<void>;
};

/** Reads how far the clock was moved before. `startMs` sets a new ledger's clock to this time. */
export async function openClock(store: Store, startMs: number | undefined): Promise<Clock> {
  const known = store.read.get("select value from settings where name = 'clock_offset_ms'");
  let offsetMs = known ? Number(known.value) : 0;
  const save = (ms: number) =>
    store.transact((sql) => {
      sql.run("insert or replace into settings values ('clock_offset_ms', ?)", [String(ms)]);
    });
  if (!known && startMs !== undefined) {
    offsetMs = startMs - Date.now();
    await save(offsetMs);
  }
  return {
    nowMs: () => Date.now() + offsetMs,
    async advance(ms) {
      offsetMs += ms;
      await save(offsetMs);
    },
  };
}

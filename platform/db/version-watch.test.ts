import assert from "node:assert/strict";
import { Reason, Refusal } from "../values/refusal.ts";
import { createVersionWatch } from "./version-watch.ts";

const never = new AbortController().signal;

/** A watch on rows whose versions the test sets; `reads` counts the queries. */
function watchOf(versions: Map<bigint, number>, { pollMs = 5, maxWatchers = 10 } = {}) {
  const state = { reads: 0, failing: 0 };
  const watch = createVersionWatch({
    async readVersions(ids) {
      state.reads += 1;
      if (state.failing > 0) {
        state.failing -= 1;
        throw new Error("the database is away");
      }
      return ids.flatMap((id) => {
        const version = versions.get(id);
        return version === undefined ? [] : [{ id, version }];
      });
    },
    pollMs,
    maxWatchers,
  });
  return { watch, state };
}

describe("version watch", () => {
  it("resolves at the next poll after another process wrote the row", async () => {
    const versions = new Map([[1n, 1]]);
    const { watch } = watchOf(versions);
    const waiting = watch.next({ id: 1n, afterVersion: 1, signal: never });
    versions.set(1n, 2);
    await waiting;
  });

  it("reads at once after a notification, without waiting for the poll", async () => {
    const versions = new Map([[1n, 1]]);
    const { watch } = watchOf(versions, { pollMs: 1_000_000 });
    const waiting = watch.next({ id: 1n, afterVersion: 1, signal: never });
    versions.set(1n, 2);
    watch.notify([1n]);
    await waiting;
  });

  it("shares one query between all watchers and stops when nothing is watched", async () => {
    const versions = new Map([
      [1n, 2],
      [2n, 2],
    ]);
    const { watch, state } = watchOf(versions);
    const ids = [1n, 1n, 2n];
    await Promise.all(ids.map((id) => watch.next({ id, afterVersion: 2, signal: expired(30) })));
    const { reads } = state;
    assert.ok(reads >= 1 && reads < 30, `${reads} reads for three watchers`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(state.reads <= reads + 1);
  });

  it("continues after a failed read", async () => {
    const { watch, state } = watchOf(new Map([[1n, 2]]));
    state.failing = 2;
    await watch.next({ id: 1n, afterVersion: 1, signal: never });
    assert.equal(state.reads, 3);
  });

  it("resolves when the signal aborts, and at once when it is aborted already", async () => {
    const { watch } = watchOf(new Map());
    await watch.next({ id: 1n, afterVersion: 1, signal: expired(1) });
    await watch.next({ id: 1n, afterVersion: 1, signal: AbortSignal.abort() });
  });

  it("refuses more than maxWatchers callers, and admits the next one when a place is free", async () => {
    const versions = new Map([[1n, 1]]);
    const { watch } = watchOf(versions, { maxWatchers: 1 });
    const waiting = watch.next({ id: 1n, afterVersion: 1, signal: never });
    assert.throws(
      () => watch.next({ id: 2n, afterVersion: 1, signal: never }),
      (error) => error instanceof Refusal && error.reason === Reason.RATE_LIMITED,
    );
    versions.set(1n, 2);
    await waiting;
    await watch.next({ id: 1n, afterVersion: 1, signal: never });
  });
});

function expired(afterMs: number): AbortSignal {
  return AbortSignal.timeout(afterMs);
}

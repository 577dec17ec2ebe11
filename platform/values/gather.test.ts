import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { gather } from "./gather.ts";
import { Reason, Refusal } from "./refusal.ts";

/** Runs batches that end when the test ends them. */
function held() {
  const batches: { items: number[]; finish: (results?: number[]) => void; fail: () => void }[] = [];
  const run = (items: number[]) =>
    new Promise<number[]>((resolve, reject) => {
      batches.push({
        items,
        finish: (results = items.map((item) => item * 10)) => resolve(results),
        fail: () => reject(new Error("batch failed")),
      });
    });
  return { batches, run };
}

const bounds = { maxBatch: 3, maxQueue: 10, maxInFlight: 1 };

describe("gather", () => {
  it("starts at once when idle, and returns each item its own result", async () => {
    const { batches, run } = held();
    const { submit } = gather({ run, ...bounds });
    const results = Promise.all([submit(1), submit(2)]);
    await turn();
    assert.deepEqual(batches[0]?.items, [1, 2]);
    batches[0]?.finish();
    assert.deepEqual(await results, [10, 20]);
  });

  it("gathers items while a batch runs, up to the limit of a batch", async () => {
    const { batches, run } = held();
    const { submit } = gather({ run, ...bounds });
    const first = submit(0);
    await turn();
    const rest = [1, 2, 3, 4].map(submit);
    await turn();
    assert.equal(batches.length, 1);
    batches[0]?.finish();
    await first;
    await turn();
    assert.deepEqual(batches[1]?.items, [1, 2, 3]);
    batches[1]?.finish();
    await turn();
    batches[2]?.finish();
    assert.deepEqual(await Promise.all(rest), [10, 20, 30, 40]);
  });

  it("delays the next batch by everyMs, so that items meet in it", async () => {
    const batches: number[][] = [];
    const run = async (items: number[]) => {
      batches.push(items);
      return items;
    };
    const { submit, idle } = gather({ run, ...bounds, maxInFlight: 2, everyMs: 1_000 });
    await submit(1);
    const second = submit(2);
    await turn();
    await Promise.all([second, submit(3), idle()]);
    await submit(4);
    assert.deepEqual(batches, [[1], [2, 3], [4]]);
  });

  it("bounds a batch by weight, and runs a single heavier item alone", async () => {
    const { batches, run } = held();
    const { submit } = gather({ run, ...bounds, weigh: (item) => item, maxWeight: 10 });
    const results = [20, 4, 6, 1].map(submit);
    for (let batch = 0; batch < 3; batch += 1) {
      await turn();
      batches[batch]?.finish();
    }
    await Promise.all(results);
    assert.deepEqual(
      batches.map(({ items }) => items),
      [[20], [4, 6], [1]],
    );
  });

  it("refuses items beyond the queue at once", async () => {
    const { batches, run } = held();
    const { submit } = gather({ run, maxBatch: 1, maxQueue: 1, maxInFlight: 1 });
    const first = submit(1);
    await turn();
    const second = submit(2);
    await assert.rejects(submit(3), (error) => {
      return error instanceof Refusal && error.reason === Reason.RATE_LIMITED;
    });
    batches[0]?.finish();
    await turn();
    batches[1]?.finish();
    assert.deepEqual(await Promise.all([first, second]), [10, 20]);
  });

  it("fails the items of a batch together and continues with the next batch", async () => {
    const { batches, run } = held();
    const { submit } = gather({ run, ...bounds });
    const failing = submit(1);
    await turn();
    const next = submit(2);
    batches[0]?.fail();
    await assert.rejects(failing, /batch failed/);
    await turn();
    batches[1]?.finish();
    assert.equal(await next, 20);
  });

  it("fails a batch that returns too few results", async () => {
    const { batches, run } = held();
    const { submit } = gather({ run, ...bounds });
    const results = Promise.allSettled([submit(1), submit(2)]);
    await turn();
    batches[0]?.finish([10]);
    assert.deepEqual(
      (await results).map(({ status }) => status),
      ["rejected", "rejected"],
    );
  });

  it("is idle when no item waits and no batch runs", async () => {
    const { batches, run } = held();
    const { submit, idle } = gather({ run, ...bounds });
    await idle();
    const result = submit(1);
    let isIdle = false;
    const idled = idle().then(() => {
      isIdle = true;
    });
    await turn();
    assert.equal(isIdle, false);
    batches[0]?.finish();
    await Promise.all([result, idled]);
  });
});

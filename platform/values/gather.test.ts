import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { gather } from "./gather.ts";
import { Reason, Refusal } from "./refusal.ts";

/** A batch runner whose batches end when the test says so. */
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
  it("starts at once when idle and gives each item its own result", async () => {
    const { batches, run } = held();
    const { submit } = gather({ run, ...bounds });
    const results = Promise.all([submit(1), submit(2)]);
    await turn();
    assert.deepEqual(batches[0]?.items, [1, 2]);
    batches[0]?.finish();
    assert.deepEqual(await results, [10, 20]);
  });

  it("gathers what comes while a batch is under way, up to the batch's limit", async () => {
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

  it("lets those travel together that come soon after a batch, where it is told to", async () => {
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

  it("bounds a batch by weight, and lets a single heavier item go alone", async () => {
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

  it("refuses at once when too many wait", async () => {
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

  it("fails a batch's items together and goes on with the next", async () => {
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

  it("fails a batch that answers too few results instead of mixing them up", async () => {
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

  it("is idle only when nothing waits and nothing runs", async () => {
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

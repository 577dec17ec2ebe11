import assert from "node:assert/strict";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { retry } from "./retry.ts";

describe("retry", () => {
  /** A call that throws these errors, one at each attempt, and then answers. */
  function failing(errors: Error[]) {
    let calls = 0;
    const call = async () => {
      const error = errors[calls];
      calls += 1;
      if (error) throw error;
      return "answer";
    };
    return { call, calls: () => calls };
  }

  it("repeats an outage and a transient refusal until there is an answer", async () => {
    const { call } = failing([new Outage("no answer"), new Refusal(Reason.RATE_LIMITED)]);
    let retries = 0;
    const answer = await retry(call, () => {
      retries += 1;
    });
    assert.deepEqual([answer, retries], ["answer", 2]);
  });

  it("throws any other error at once", async () => {
    for (const error of [new Refusal(Reason.STOCK_NOT_ENOUGH), new Error("defect")]) {
      const { call, calls } = failing([error]);
      await assert.rejects(retry(call), error);
      assert.equal(calls(), 1);
    }
  });
});

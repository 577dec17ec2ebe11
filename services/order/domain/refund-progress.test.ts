import assert from "node:assert/strict";
import fc from "fast-check";
import { hasReturned, isLater, type RefundProgress, stepsTo } from "./refund-progress.ts";
import { RefundStatus } from "./refunds.ts";

const { REQUESTED, REQUIRES_ACTION, SUCCEEDED } = RefundStatus;
const FIRST: RefundProgress = { status: REQUESTED, reopens: 0 };

/** Each progress that a refund can have, in the sequence in which it has them. */
const ALL = [0, 1, 2].flatMap((reopens) =>
  [REQUESTED, REQUIRES_ACTION, SUCCEEDED].map((status) => ({ status, reopens })),
);
const name = ({ status, reopens }: RefundProgress) => `${reopens}/${status}`;

/** The promise, written independently: the steps of the order from each progress to each later. */
const STEPS: Record<string, string> = {
  "0/1 0/4": "",
  "0/1 0/2": "S",
  "0/1 1/1": "SR",
  "0/1 1/4": "SR",
  "0/1 1/2": "SRS",
  "0/4 0/2": "S",
  "0/4 1/1": "SR",
  "0/4 1/4": "SR",
  "0/4 1/2": "SRS",
  "0/2 1/1": "R",
  "0/2 1/4": "R",
  "0/2 1/2": "RS",
};

describe("the progress of a refund", () => {
  it("is later in exactly the promised sequence, for every pair", () => {
    for (const [i, known] of ALL.entries()) {
      for (const [j, reported] of ALL.entries()) {
        assert.equal(isLater(reported, known), j > i, `${name(known)} ${name(reported)}`);
      }
    }
  });

  it("takes the order through exactly the promised steps, for every pair", () => {
    for (const [i, known] of ALL.entries()) {
      for (const reported of ALL.slice(i + 1).filter(({ reopens }) => reopens < 2)) {
        if (known.reopens > 0) continue;
        const steps = stepsTo(reported, known).map((step) => (step === "succeed" ? "S" : "R"));
        const pair = `${name(known)} ${name(reported)}`;
        assert.equal(steps.join(""), STEPS[pair], pair);
      }
    }
  });

  it("ends the same and returns the goods once, in whichever order reports arrive", () => {
    const arrivals = fc.tuple(fc.nat(ALL.length - 1), fc.infiniteStream(fc.nat()));
    fc.assert(
      fc.property(arrivals, ([last, picks]) => {
        const reports = ALL.slice(0, last + 1).toSorted(
          () => ((picks.next().value as number) % 3) - 1,
        );
        let known = FIRST;
        let returns = 0;
        let trace = "";
        for (const reported of [...reports, ...reports]) {
          if (!isLater(reported, known)) continue;
          const steps = stepsTo(reported, known);
          if (steps.length > 0 && !hasReturned(known)) returns += 1;
          trace += steps.map((step) => step[0]).join("");
          known = reported;
        }
        assert.deepEqual(known, ALL[last]);
        assert.equal(returns, hasReturned(known) ? 1 : 0);
        assert.match(trace, /^(sr)*s?$/);
      }),
    );
  });
});

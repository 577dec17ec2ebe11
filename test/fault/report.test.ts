import assert from "node:assert/strict";
import { seeded } from "../../testbed/random.ts";
import type { Judgement } from "./judge/judge.ts";
import { isKept, type Result, type Round, reportJson, reportText } from "./report.ts";

const CLEAN: Judgement = {
  lost: [],
  doubled: [],
  refusedWithEffect: [],
  contradicted: [],
  broken: [],
  unanswered: 0,
  secondsToQuiet: 2,
  lastMotion: {},
};
const INFO = { seed: "7", commit: "abc" };

function round(secondsToQuiet: number, changes: Partial<Round> = {}): Round {
  const judgement = { ...CLEAN, secondsToQuiet };
  return { injected: 1, acknowledged: 10, judgement, violations: [], ...changes };
}

describe("the report of faults", () => {
  it("adds up the rounds, and names median and longest time until quiet", () => {
    const results: Result[] = [{ fault: "a", rounds: [round(9), round(1), round(3)] }];
    const [line] = JSON.parse(reportJson(results, INFO)).faults;
    assert.deepEqual(
      [line.injected, line.acknowledged, line.quietP50, line.quietMax],
      [3, 30, 3, 9],
    );
    assert.match(reportText(results, INFO), /seed 7, commit abc: the shop kept its word$/);
  });

  it("says that the word was broken wherever one round found something", () => {
    const lost = ["order 1"];
    const bad = round(1, { judgement: { ...CLEAN, lost }, violations: ["lost: order 1"] });
    const results: Result[] = [{ fault: "a", rounds: [round(1), bad, round(1)] }];
    assert.equal(isKept(results), false);
    assert.match(reportText(results, INFO), /a: lost: order 1\n.*BROKE ITS WORD$/);
  });

  it("takes what ended early neither for kept nor for broken, and what was skipped for neither", () => {
    const ended: Result[] = [{ fault: "a", rounds: [round(1)], error: "interrupted" }];
    assert.equal(isKept(ended), false);
    assert.match(reportText(ended, INFO), /a: interrupted\n.*NOT FINISHED$/);
    const skipped: Result[] = [{ fault: "a", rounds: [], skipped: "needs root" }];
    assert.ok(isKept(skipped));
    assert.match(reportText(skipped, INFO), /a: skipped, needs root/);
  });
});

describe("chance from a seed", () => {
  it("is the same for the same seed, and another for each part", () => {
    const draw = (label: string) => {
      const random = seeded("7").fork(label);
      return Array.from({ length: 20 }, () => random.between(1, 1_000));
    };
    assert.deepEqual(draw("a"), draw("a"));
    assert.notDeepEqual(draw("a"), draw("b"));
    assert.ok(draw("a").every((value) => value >= 1 && value <= 1_000));
  });

  it("picks different ones, and no more than there are", () => {
    const some = seeded("7").some([1, 2, 3], 5);
    assert.deepEqual([...some].sort(), [1, 2, 3]);
  });
});

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
  it("sums up the rounds, and gives the median and longest time until the shop is quiet", () => {
    const results: Result[] = [{ fault: "a", rounds: [round(9), round(1), round(3)] }];
    const [line] = JSON.parse(reportJson(results, INFO)).faults;
    assert.deepEqual(
      [line.injected, line.acknowledged, line.quietP50, line.quietMax],
      [3, 30, 3, 9],
    );
    assert.match(reportText(results, INFO), /seed 7, commit abc: the shop kept its promises$/);
  });

  it("reports broken promises when one round has a violation", () => {
    const lost = ["order 1"];
    const bad = round(1, { judgement: { ...CLEAN, lost }, violations: ["lost: order 1"] });
    const results: Result[] = [{ fault: "a", rounds: [round(1), bad, round(1)] }];
    assert.equal(isKept(results), false);
    assert.match(reportText(results, INFO), /a: lost: order 1\n.*PROMISES WERE BROKEN$/);
  });

  it("counts a run that ended early as not finished, and ignores skipped faults", () => {
    const ended: Result[] = [{ fault: "a", rounds: [round(1)], error: "interrupted" }];
    assert.equal(isKept(ended), false);
    assert.match(reportText(ended, INFO), /a: interrupted\n.*NOT FINISHED$/);
    const skipped: Result[] = [{ fault: "a", rounds: [], skipped: "needs root" }];
    assert.ok(isKept(skipped));
    assert.match(reportText(skipped, INFO), /a: skipped, needs root/);
  });
});

describe("a seeded source of random values", () => {
  it("repeats for the same seed, and differs for each fork", () => {
    const draw = (label: string) => {
      const random = seeded("7").fork(label);
      return Array.from({ length: 20 }, () => random.between(1, 1_000));
    };
    assert.deepEqual(draw("a"), draw("a"));
    assert.notDeepEqual(draw("a"), draw("b"));
    assert.ok(draw("a").every((value) => value >= 1 && value <= 1_000));
  });

  it("picks different elements, and at most all of them", () => {
    const some = seeded("7").some([1, 2, 3], 5);
    assert.deepEqual([...some].sort(), [1, 2, 3]);
  });
});

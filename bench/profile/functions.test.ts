import assert from "node:assert/strict";
import { costsOf } from "./functions.ts";
import type { CpuProfile } from "./inspector.ts";

const frame = (functionName: string, lineNumber = 0) => ({
  functionName,
  url: functionName.startsWith("(") ? "" : "node:net",
  lineNumber,
  columnNumber: 0,
});

/** root -> place -> place (recursive) -> write, and idle. Each sample is 1 ms. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 5] },
    { id: 2, callFrame: frame("place", 9), children: [3] },
    { id: 3, callFrame: frame("place", 9), children: [4] },
    { id: 4, callFrame: frame("write", 19) },
    { id: 5, callFrame: frame("(idle)") },
  ],
  startTime: 0,
  endTime: 10_000,
  samples: [2, 3, 4, 4, 5, 5, 5, 5, 4, 5],
  timeDeltas: [0, ...Array.from({ length: 9 }, () => 1_000)],
};

describe("the cost of functions in a profile", () => {
  it("counts each sample once, and a recursive function once", () => {
    const { functions, busyMs, elapsedMs } = costsOf(PROFILE);
    assert.deepEqual(functions, [
      { name: "write", place: "node:net:20", selfMs: 3, totalMs: 3 },
      { name: "place", place: "node:net:10", selfMs: 2, totalMs: 5 },
    ]);
    assert.deepEqual({ busyMs, elapsedMs }, { busyMs: 5, elapsedMs: 10 });
  });
});

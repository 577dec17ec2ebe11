import assert from "node:assert/strict";
import { sampleUnverified } from "./sample-unverified.ts";

describe("the sample of unverified callbacks", () => {
  it("has the first 100, one per second after that, and counts the others", () => {
    let now = 0;
    const sample = sampleUnverified(() => now);
    for (let count = 0; count < 100; count += 1) assert.equal(sample.skipped(), 0);
    for (let count = 1; count <= 50; count += 1) assert.equal(sample.skipped(), count);
    now += 1_000;
    assert.equal(sample.skipped(), 0);
    assert.equal(sample.skipped(), 1);
    now += 3_600_000;
    for (let count = 0; count < 100; count += 1) assert.equal(sample.skipped(), 0);
    assert.equal(sample.skipped(), 1);
  });
});

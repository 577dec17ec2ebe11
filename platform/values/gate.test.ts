import assert from "node:assert/strict";
import { Gate } from "./gate.ts";

describe("a gate", () => {
  it("lets in as many as its limit, and one more for each that leaves", () => {
    const gate = new Gate(2);
    assert.deepEqual([gate.enter(), gate.enter(), gate.enter()], [true, true, false]);
    assert.equal(gate.count, 2);
    gate.leave();
    assert.equal(gate.enter(), true);
    assert.equal(gate.enter(), false);
  });

  it("is idle when the last has left", async () => {
    const gate = new Gate(2);
    await gate.idle();
    gate.enter();
    gate.enter();
    let isIdle = false;
    const idle = gate.idle().then(() => {
      isIdle = true;
    });
    gate.leave();
    await Promise.resolve();
    assert.equal(isIdle, false);
    gate.leave();
    await idle;
  });

  it("refuses to count below zero", () => {
    assert.throws(() => new Gate(1).leave(), /leave without enter/);
  });
});

import assert from "node:assert/strict";
import { lacking } from "./needs.ts";
import { type Network, OUTSIDE, startNetwork } from "./network.ts";

const why = await lacking(["namespaces"]);

describe("network of the fault suite", () => {
  // A pending test counts as a failed one here.
  if (why !== undefined) {
    it(`is not tried out: ${why}`, () => {});
    return;
  }
  let network: Network;

  before(async function () {
    this.timeout(60_000);
    network = await startNetwork(["one", "two"]);
  });

  after(async function () {
    this.timeout(60_000);
    await network.remove();
  });

  it("blocks one way, and lets through what it does not block", async function () {
    this.timeout(60_000);
    const { arrives, block, mend } = network;
    assert.ok(await arrives("one", "two"));
    assert.ok(await arrives(OUTSIDE, "two"));
    await block("one", "two");
    assert.ok(!(await arrives("one", "two")));
    assert.ok(await arrives("two", "one"));
    assert.ok(await arrives(OUTSIDE, "two"));
    await block(OUTSIDE, "two");
    assert.ok(!(await arrives(OUTSIDE, "two")));
    await mend();
    assert.ok(await arrives("one", "two"));
  });
});

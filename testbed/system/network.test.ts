import assert from "node:assert/strict";
import { unmetNeed } from "./needs.ts";
import { type Network, OUTSIDE, startNetwork } from "./network.ts";

const why = await unmetNeed(["namespaces"]);

describe("the network of a system", () => {
  // Pending tests are forbidden.
  if (why !== undefined) {
    it(`is not tested: ${why}`, () => {});
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

  it("blocks one direction and passes everything else", async function () {
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

import assert from "node:assert/strict";
import { bringSuite, lacking, runSuite } from "./suite.ts";

/** The first run on a machine builds the runner. */
const bringMs = 660_000;
const runMs = 300_000;
/** A suite that silently runs less proves less. */
const LEAST_CASES = 2_700;

describe("the gateway's protocols, judged by Connect's conformance suite", () => {
  const absent = lacking();
  if (absent.length > 0) {
    // A test that is only pending would fail the run; nothing is claimed here, and this says so.
    console.log(`  SKIPPED: the conformance suite, this machine lacks ${absent.join(", ")}`);
    return;
  }

  before(function () {
    this.timeout(bringMs);
    return bringSuite();
  });

  it("pass every case that is claimed, over HTTP/1.1 and HTTP/2", async function () {
    this.timeout(runMs + 10_000);
    const { passed, failed, output } = await runSuite("gateway.yaml", { withinMs: runMs });
    assert.equal(failed, 0, output);
    assert.ok(passed >= LEAST_CASES, `only ${passed} cases were run`);
  });
});

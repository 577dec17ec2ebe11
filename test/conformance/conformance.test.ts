import assert from "node:assert/strict";
import { installSuite, missingTools, runSuite } from "./suite.ts";

/** The first run on a machine builds the runner of the suite. */
const installMs = 660_000;
const runMs = 300_000;
/** Fails if the suite silently runs fewer cases. */
const MIN_CASES = 2_700;

describe("the gateway's protocols, in Connect's conformance suite", () => {
  const absent = missingTools();
  if (absent.length > 0) {
    // A pending test would fail the run, so the skipped suite is only reported.
    console.log(`  SKIPPED: the conformance suite, this machine lacks ${absent.join(", ")}`);
    return;
  }

  before(function () {
    this.timeout(installMs);
    return installSuite();
  });

  it("pass every case of the features in gateway.yaml, over HTTP/1.1 and HTTP/2", async function () {
    this.timeout(runMs + 10_000);
    const { passed, failed, output } = await runSuite("gateway.yaml", { withinMs: runMs });
    assert.equal(failed, 0, output);
    assert.ok(passed >= MIN_CASES, `only ${passed} cases ran`);
  });
});

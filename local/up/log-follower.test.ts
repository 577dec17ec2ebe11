import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followErrors, troubleIn } from "./log-follower.ts";

describe("what of a service's log is shown", () => {
  it("is errors, with their cause, and what is no log entry", () => {
    assert.equal(troubleIn('{"level":"info","msg":"listening"}'), undefined);
    assert.equal(troubleIn(""), undefined);
    assert.equal(troubleIn("    at run (file:///shop/main.ts:1:2)"), undefined);
    assert.equal(troubleIn('{"level":"error","msg":"lost","err":{"message":"why"}}'), "lost: why");
    assert.equal(troubleIn("the settings have 1 fault(s):"), "the settings have 1 fault(s):");
    assert.equal(troubleIn('{"level":'), '{"level":');
  });

  it("is new, whole lines only, and the same trouble once", () => {
    const directory = mkdtempSync(join(tmpdir(), "jetshop-log-"));
    const file = join(directory, "goods.log");
    writeFileSync(file, "an earlier run\n");
    const shown: string[] = [];
    const follower = followErrors(file, (trouble) => shown.push(trouble));
    try {
      appendFileSync(file, "first\nfirst\nsec");
      assert.equal(follower.latest(), "first");
      appendFileSync(file, "ond\n");
      assert.equal(follower.latest(), "second");
      assert.deepEqual(shown, ["first", "second"]);
    } finally {
      follower.stop();
      rmSync(directory, { recursive: true });
    }
  });
});

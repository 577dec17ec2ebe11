import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorIn, followErrors } from "./log-follower.ts";

describe("the errors in a program's log", () => {
  it("are error entries with their cause, and lines that are no log entries", () => {
    assert.equal(errorIn('{"level":"info","msg":"listening"}'), undefined);
    assert.equal(errorIn(""), undefined);
    assert.equal(errorIn("    at run (file:///shop/main.ts:1:2)"), undefined);
    assert.equal(errorIn('{"level":"error","msg":"lost","err":{"message":"why"}}'), "lost: why");
    assert.equal(errorIn("the settings have 1 fault(s):"), "the settings have 1 fault(s):");
    assert.equal(errorIn('{"level":'), '{"level":');
  });

  it("are reported once, in complete lines, and only from now on", () => {
    const directory = mkdtempSync(join(tmpdir(), "jetshop-log-"));
    const file = join(directory, "goods.log");
    writeFileSync(file, "an earlier run\n");
    const shown: string[] = [];
    const follower = followErrors(file, (error) => shown.push(error));
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

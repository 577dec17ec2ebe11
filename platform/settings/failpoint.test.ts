import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const url = new URL("./failpoint.ts", import.meta.url).href;

describe("a failpoint", () => {
  let directory: string;
  let log: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jetshop-failpoint-"));
    log = join(directory, "passed");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Passes these failpoints in another process. Returns the signal that ended it, if any. */
  function pass(names: string[], env: Record<string, string>) {
    const script = `import { failpoint } from ${JSON.stringify(url)};
      for (const name of ${JSON.stringify(names)}) await failpoint(name);`;
    const args = ["--input-type=module", "-e", script];
    return spawnSync(process.execPath, args, { env: { SHOP_FAILPOINT_LOG: log, ...env } }).signal;
  }

  it("is logged once, in the order of the first passes", () => {
    pass(["begin:one", "rpc.before:two", "begin:one"], { SHOP_ENV: "test" });
    assert.equal(readFileSync(log, "utf8"), "begin:one\nrpc.before:two\n");
  });

  it("is logged before it kills", () => {
    const armed = { SHOP_ENV: "test", SHOP_FAILPOINT: "c:1:kill,b:2:kill" };
    assert.equal(pass(["a", "b", "b", "c"], armed), "SIGKILL");
    assert.equal(readFileSync(log, "utf8"), "a\nb\n");
  });

  it("does nothing outside tests", () => {
    assert.equal(pass(["a"], { SHOP_ENV: "production", SHOP_FAILPOINT: "a:1:kill" }), null);
    assert.equal(existsSync(log), false);
  });
});

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "./folders.ts";

describe("makeFolder", () => {
  it("creates a folder and those above it, and leaves one that exists", () => {
    const directory = mkdtempSync(join(tmpdir(), "jetshop-folder-"));
    const folder = join(directory, "a/b/c");
    makeFolder(folder, { mode: 0o700 });
    makeFolder(folder);
    assert.ok(existsSync(folder));
    rmSync(directory, { recursive: true });
  });

  it("fails at once where the file system creates nothing", () => {
    assert.throws(() => makeFolder("/proc/nope/deeper"), /ENOENT|EACCES|ENOTDIR/);
  });
});

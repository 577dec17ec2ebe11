import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine, livingRun, type RunRecord } from "../../ops/command/running-shop.ts";
import { claimRun, isOrphaned, updateRun } from "./run-record.ts";

describe("the record of a running npm start", () => {
  let directory: string;
  let file: string;
  let other: ChildProcess;
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);

  const record = (more: Partial<RunRecord> = {}): RunRecord => ({
    pid: process.pid,
    ancestors: [],
    state: "starting",
    lines: [],
    ...more,
  });

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "jetshop-run-"));
    file = join(directory, ".shop/run.json");
    // Its command line makes it look like another npm start.
    other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "local/up.ts"]);
    await once(other, "spawn");
  });
  afterEach(() => {
    other.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  });

  it("belongs to the first process", async () => {
    assert.equal(await claimRun(file, record(), log), undefined);
    assert.equal(livingRun(file), undefined, "the record of this process is not another's");
  });

  it("keeps a second process out while the first runs", async () => {
    await claimRun(file, record(), log);
    updateRun(file, record({ pid: other.pid ?? 0, state: "up", lines: ["goods here"] }));
    const found = await claimRun(file, record(), log);
    assert.deepEqual(found?.lines, ["goods here"]);
  });

  it("is taken over after a kill, or if a crash truncated it", async () => {
    await claimRun(file, record(), log);
    updateRun(file, record({ pid: other.pid ?? 0, state: "up" }));
    other.kill("SIGKILL");
    await once(other, "exit");
    assert.equal(await claimRun(file, record(), log), undefined);
    writeFileSync(file, '{"pid":');
    assert.equal(await claimRun(file, record(), log), undefined);
  });

  it("is waited for while the other run is stopping, or its npm is gone", async () => {
    for (const more of [{ state: "stopping" as const }, { ancestors: [2 ** 22 + 1] }]) {
      const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 400)", "local/up.ts"]);
      await once(child, "spawn");
      await claimRun(file, record(), log);
      updateRun(file, record({ pid: child.pid ?? 0, ...more }));
      assert.equal(await claimRun(file, record(), log), undefined);
      // It has ended; a process that was not reaped yet has no command line.
      assert.equal(commandLine(child.pid ?? 0) ?? "", "");
      assert.match(lines.at(-1) ?? "", /waiting for the earlier run/);
    }
  });

  it("detects that a process above another one is gone", () => {
    assert.equal(isOrphaned(other.pid ?? 0, [process.pid, process.ppid]), false);
    assert.equal(isOrphaned(other.pid ?? 0, [process.pid, 2 ** 22 + 1]), true);
    assert.equal(isOrphaned(other.pid ?? 0, []), false);
  });
});

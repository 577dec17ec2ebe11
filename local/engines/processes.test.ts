import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine } from "../../ops/command/running-shop.ts";
import { endProcess, livingProcess, parentOf, writePid } from "./processes.ts";

describe("pid files", () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "jetshop-pid-"));
    file = join(directory, "server.pid");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("name a process only while it runs and has the mark in its command line", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", directory]);
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    writePid(file, pid);
    assert.equal(livingProcess(file, directory), pid);
    assert.equal(livingProcess(file, "another mark"), undefined, "another program has the pid");
    assert.equal(parentOf(pid), process.pid);
    await endProcess(pid, directory, 5_000);
    assert.equal(livingProcess(file, directory), undefined);
    assert.equal(commandLine(pid), undefined);
  });

  it("name no process when they are missing, empty or malformed", () => {
    assert.equal(livingProcess(file, "node"), undefined);
    for (const text of ["", "abc", "-1", "1", "0"]) {
      writeFileSync(file, text);
      assert.equal(livingProcess(file, ""), undefined, text);
    }
  });

  it("lead to a kill when the process ignores SIGTERM", async () => {
    const script =
      "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, ["-e", script, directory]);
    await once(child.stdout, "data");
    const exited = once(child, "exit");
    await endProcess(child.pid ?? 0, directory, 200);
    assert.equal((await exited)[1], "SIGKILL");
  });
});

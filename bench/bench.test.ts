import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "../testbed/engines/directories.ts";

const RUN = fileURLToPath(new URL("./run.ts", import.meta.url));

/** Runs the command as `npm run bench` does. */
async function bench(...args: string[]) {
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const gone = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), gone]);
  return { stdout, stderr, code };
}

type Written = {
  cells: { target: string; load: string; figures: Record<string, number>; outcomes: object }[];
  audited: { broken: string[]; rules: number };
  machine: { commit: string };
};

describe("npm run bench", function () {
  this.timeout(300_000);
  const directory = temporaryDirectory();
  after(() => rmSync(directory, { recursive: true, force: true }));

  it("measures the shop beside its baselines, fills it, and finds its books right", async () => {
    const [json, html] = [join(directory, "bench.json"), join(directory, "bench.html")];
    const small = "--seconds 1 --warm-up 0 --turns 1 --items 50 --inflight 4 --fill 300";
    const args = ["--workload", "place", ...small.split(" "), "--json", json, "--html", html];
    const { stdout, stderr, code } = await bench(...args);
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /^ {2}4 in flight {2}shop .*\n.* monolith .*\n.* bare .*/m);
    assert.match(stdout, /shop \/ monolith +x\d/);
    assert.match(stdout, /the shop's books are right/);
    const { cells, audited, machine }: Written = JSON.parse(readFileSync(json, "utf8"));
    assert.deepEqual(
      cells.map(({ target }) => target),
      ["shop", "monolith", "bare", "shop"],
    );
    for (const { figures, outcomes } of cells) {
      assert.deepEqual(Object.keys(outcomes), ["ok"]);
      for (const name of ["perSecond", "p99Ms", "cpuMs", "cpuMs.load", "rpcBytes"]) {
        assert.ok((figures[name] ?? 0) > 0, `${name} is ${figures[name]}`);
      }
    }
    const [shop] = cells;
    for (const name of ["commits", "flushes", "calls", "batch", "cpuMs.order", "memoryMib.goods"]) {
      assert.ok((shop?.figures[name] ?? 0) > 0, `${name} is ${shop?.figures[name]}`);
    }
    assert.deepEqual(audited.broken, []);
    assert.match(machine.commit, /^[0-9a-f]{40}$|^unknown$/);
    assert.match(readFileSync(html, "utf8"), /<canvas/);
  });

  it("reports in one line a workload that no target can run", async () => {
    const { stdout, stderr, code } = await bench("--workload", "mixed", "--targets", "bare");
    assert.deepEqual([stdout, stderr, code], ["", "mixed runs only on shop\n", 2]);
  });
});

import assert from "node:assert/strict";
import { seeded } from "../../testbed/random.ts";
import type { Fault } from "./fault.ts";
import { killBroker, killDatabase, killService } from "./faults/kill.ts";
import { playOnce } from "./play.ts";
import type { Round } from "./report.ts";
import { openStage, type Stage } from "./stage.ts";

/** Time to start the system on a busy machine. */
const START_MS = 90_000;
/** Time for one round; until the shop is quiet alone may take two minutes. */
const ROUND_MS = 200_000;

/** The short form of `npm run fault`: each kind of part dies once under load. */
describe("a shop under load", () => {
  let stage: Stage;

  before(async function () {
    this.timeout(START_MS);
    stage = await openStage({}, () => {});
  });

  after(async function () {
    this.timeout(START_MS);
    await stage?.stop();
  });

  async function keepsPromises(fault: Fault): Promise<void> {
    const rounds: Round[] = [];
    const log: string[] = [];
    const random = seeded(`short/${fault.name}`);
    const { signal } = new AbortController();
    await playOnce(fault, { stage, random, log: (line) => log.push(line), signal, rounds });
    assert.deepEqual(
      rounds.flatMap(({ violations }) => violations),
      [],
      log.join("\n"),
    );
    assert.ok(rounds.every(({ acknowledged }) => acknowledged > 0));
  }

  for (const [fault, part] of [
    [killService, "a service"],
    [killBroker, "the broker"],
    [killDatabase, "the database"],
  ] as const) {
    it(`keeps its promises when ${part} is killed`, async function () {
      this.timeout(ROUND_MS);
      await keepsPromises(fault);
    });
  }

  it("has a database with temporary files of its own", async () => {
    const [row] = await stage.system.sql<{ directory: string }>(
      "order",
      "select @@tmpdir as directory",
    );
    assert.ok(row?.directory.startsWith(stage.system.directory));
  });
});

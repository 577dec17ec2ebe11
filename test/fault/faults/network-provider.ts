import assert from "node:assert/strict";
import { FAKES } from "../../../simulators/sandbox/fakes.ts";
import type { Faults } from "../../../simulators/sandbox/faults.ts";
import { retryThroughFaults } from "../../../testbed/system/retry.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault } from "../fault.ts";

/** Retried, because another fault may kill the provider meanwhile. */
const setFaults = ({ sandbox }: System, faults: Partial<Faults> = {}) =>
  retryThroughFaults(() => sandbox.faults(faults));

/** What may happen to callbacks, each alone or several together. */
export const providerCallbacks: Fault = {
  name: "provider-callbacks",
  catalogue: ["F65", "F66", "F68", "F70"],
  what: "the provider's callbacks are duplicated, late, reordered, mixed with forged ones, or missing",
  holdMs: [5_000, 15_000],
  async inject({ system, random, log }) {
    const ways = [
      { duplicate: random.between(1, 10) },
      { delay_ms: random.between(500, 8_000) },
      { reorder: random.between(2, 12) },
      { forge: random.some(FAKES, random.between(1, FAKES.length)) },
      { tamper: random.pick(FAKES) },
      { drop: random.between(1, 200) },
    ];
    const faults = Object.assign({}, ...random.some(ways, random.between(1, 4)));
    log(`the provider's callbacks: ${JSON.stringify(faults)}`);
    await setFaults(system, faults);
    return () => setFaults(system);
  },
};

export const providerAnswers: Fault = {
  name: "provider-answers",
  catalogue: ["F71", "F61"],
  what: "the provider's answers are late, or lost after their effect, it refuses refunds, or it is down",
  holdMs: [5_000, 15_000],
  async inject({ system, random, log }) {
    const faults = random.pick([
      { down: true },
      { lose_answers: random.between(5, 100) },
      { slow_ms: random.between(500, 12_000) },
      { refuse_refunds: true },
      { refuse_refunds: true, lose_answers: random.between(5, 30) },
    ]);
    log(`the provider: ${JSON.stringify(faults)}`);
    await setFaults(system, faults);
    return () => setFaults(system);
  },
};

/** The provider decides about refunds only later, against some, and takes successes back. */
export const providerRefunds: Fault = {
  name: "provider-refunds",
  catalogue: ["F71"],
  what: "the provider leaves refunds pending, decides them later, and takes some successes back",
  holdMs: [5_000, 15_000],
  async inject({ system, random, log }) {
    await setFaults(system, { pend_refunds: true });
    return async () => {
      await setFaults(system);
      let decided = 0;
      let refused = 0;
      for (let pending = await pendingAt(system); pending.length > 0; ) {
        for (const number of pending) {
          const isRefused = random.chance(0.3);
          await tell(system, number, isRefused ? "failed" : "succeeded");
          decided += 1;
          if (isRefused) refused += 1;
        }
        pending = await pendingAt(system);
      }
      const { refunds } = await retryThroughFaults(() => system.sandbox.state());
      const done = refunds.filter(({ state }) => state === "succeeded");
      const taken = random.some(done, Math.min(done.length, random.between(1, 5)));
      for (const { refundId } of taken) await tell(system, refundId, "failed");
      log(
        `${decided} refunds were pending, ${refused} of them were refused; ` +
          `${taken.length} successes were taken back`,
      );
    };
  },
};

async function pendingAt({ sandbox }: System): Promise<string[]> {
  return (await retryThroughFaults(() => sandbox.state())).pendingRefunds;
}

/** Decides a refund. The notice is repeated until the shop has taken it, as providers do. */
function tell({ sandbox }: System, number: string, state: "succeeded" | "failed"): Promise<void> {
  return retryThroughFaults(async () => {
    assert.equal(await sandbox.decideRefund(number, state), "200 success");
  });
}

/** The gateway and the sandbox die and come back while callbacks and refunds are in progress. */
export const providerRestarts: Fault = {
  name: "provider-restarts",
  catalogue: ["F70", "F71"],
  what: "SIGKILL of the provider and of the gateway, up to three times in a row, during callbacks and refunds",
  holdMs: [500, 5_000],
  async inject({ system, random, log }) {
    const edges = random.some(["gateway", "sandbox"], random.between(1, 2));
    const times = random.between(1, 3);
    log(`kills ${edges.join(" and ")} ${times} times`);
    const programs = edges.map((name) => system.program(name));
    const killAll = () => Promise.all(programs.map((program) => program.end("SIGKILL")));
    const startAll = () => Promise.all(programs.map((program) => program.start()));
    for (let time = 1; time < times; time += 1) {
      await killAll();
      await startAll();
    }
    await killAll();
    return async () => {
      await startAll();
    };
  },
};

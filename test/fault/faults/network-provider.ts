import { FAKES } from "../../../simulators/sandbox/fakes.ts";
import type { Faults } from "../../../simulators/sandbox/faults.ts";
import { retry } from "../../../testbed/system/retry.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Fault } from "../fault.ts";

/** Another fault may be killing it meanwhile. */
const tellPlatform = ({ sandbox }: System, faults: Partial<Faults> = {}) =>
  retry(() => sandbox.faults(faults));

/** What callbacks may be like: each alone, or several together. */
export const providerCallbacks: Fault = {
  name: "provider-callbacks",
  catalogue: ["F65", "F66", "F68", "F70"],
  what: "the platform's callbacks come many times at once, late, in the opposite order, with forged ones, or not at all",
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
    log(`the platform's callbacks: ${JSON.stringify(faults)}`);
    await tellPlatform(system, faults);
    return () => tellPlatform(system);
  },
};

export const providerAnswers: Fault = {
  name: "provider-answers",
  catalogue: ["F71", "F61"],
  what: "the platform's answers are late or lost after their effect, it refuses refunds, or it is down",
  holdMs: [5_000, 15_000],
  async inject({ system, random, log }) {
    const faults = random.pick([
      { down: true },
      { lose_answers: random.between(5, 100) },
      { slow_ms: random.between(500, 12_000) },
      { refuse_refunds: true },
      { refuse_refunds: true, lose_answers: random.between(5, 30) },
    ]);
    log(`the platform: ${JSON.stringify(faults)}`);
    await tellPlatform(system, faults);
    return () => tellPlatform(system);
  },
};

/** Callbacks that reach only some of the shop, whose replicas do not know of each other's. */
export const providerRestarts: Fault = {
  name: "provider-restarts",
  catalogue: ["F70", "F71"],
  what: "SIGKILL of the platform and of the gateway, also several times in a row; callbacks and refunds go on",
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

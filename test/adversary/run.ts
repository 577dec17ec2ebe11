// `npm run test:adversary`: attacks a shop of its own from one loopback address, and measures what
// shoppers of another one see meanwhile.

import { ExitCode, runCommand, UsageError } from "../../ops/command/command.ts";
import { wholeNumber } from "../../ops/command/options.ts";
import { startSuiteEngines } from "../../testbed/engines/suite-engines.ts";
import { ATTACK_NAMES, ATTACKS, type AttackName } from "./attacks.ts";
import { faultsOf } from "./judge.ts";
import { type Outcome, openStage } from "./stage.ts";

const DEFAULT_SECONDS = 60;

await runCommand({
  name: "test:adversary",
  summary: "Attacks a shop of its own and measures what other clients see meanwhile.",
  options: {
    seconds: {
      type: "string",
      value: "N",
      help: `quiet, and as long under each attack (default ${DEFAULT_SECONDS})`,
    },
    json: { type: "boolean", help: "print each outcome as one line of JSON" },
  },
  positionals: "[NAME...]",
  notes: [`Attacks: ${ATTACK_NAMES.join(", ")}. All run if none is named.`],
  async run({ values, positionals }) {
    const bounds = { min: 1, max: 3_600 };
    const seconds = wholeNumber("--seconds", values.seconds, bounds) ?? DEFAULT_SECONDS;
    const names = positionals.length > 0 ? positionals.map(attackNamed) : ATTACK_NAMES;
    const stopEngines = await startSuiteEngines((line) => console.error(line));
    let failed = false;
    try {
      const stage = await openStage();
      try {
        for (const name of names) {
          const outcome = await stage.play(name, { seconds });
          const faults = faultsOf(outcome);
          failed ||= faults.length > 0;
          console.log(
            values.json ? JSON.stringify({ ...outcome, faults }) : words(outcome, faults),
          );
        }
      } finally {
        await stage.stop();
      }
    } finally {
      await stopEngines();
    }
    return failed ? ExitCode.FAILED : ExitCode.DONE;
  },
});

function attackNamed(text: string): AttackName {
  const name = ATTACK_NAMES.find((known) => known === text);
  if (name === undefined)
    throw new UsageError(`${text}: must be one of ${ATTACK_NAMES.join(", ")}`);
  return name;
}

function words(outcome: Outcome, faults: readonly string[]): string {
  const { attack, quiet, attacked, memoryMib, failures } = outcome;
  return [
    `${attack}: ${ATTACKS[attack].what}`,
    `  p50 ${quiet.p50} -> ${attacked.p50} ms, p99 ${quiet.p99} -> ${attacked.p99} ms, ` +
      `${attacked.refused.length} of ${attacked.sent} refused, ${memoryMib} MiB, ` +
      `${failures} failures logged`,
    ...faults.map((fault) => `  FAULT ${fault}`),
  ].join("\n");
}

// `npm run test:races`: the races of payment, cancellation, deadline, refund and shipping.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ExitCode, runCommand } from "../ops/command/command.ts";
import { wholeNumber } from "../ops/command/options.ts";
import { runProgram } from "./programs.ts";

const FOLDER = "test/integration/pay-races";
const DEFAULT_ROUNDS = 1_000;
const MAX_ROUNDS = 1_000_000;

await runCommand({
  name: "test:races",
  summary: "Runs the races of payment, cancellation, deadline, refund and shipping many times.",
  options: {
    rounds: { type: "string", value: "N", help: `rounds of each (default ${DEFAULT_ROUNDS})` },
  },
  async run({ values }) {
    const bounds = { min: 1, max: MAX_ROUNDS };
    const rounds = wholeNumber("--rounds", values.rounds, bounds) ?? DEFAULT_ROUNDS;
    const files = readdirSync(fileURLToPath(new URL(`../${FOLDER}`, import.meta.url)))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${FOLDER}/${name}`);
    runProgram("mocha", files, { SHOP_RACE_ROUNDS: String(rounds) });
    return ExitCode.DONE;
  },
});

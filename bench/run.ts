// `npm run bench`: orders per second and the cost of an order, for the shop and its baselines.

import { SetupError } from "../local/engines/setup-error.ts";
import { BenchError } from "./bench-error.ts";
import { readOptions, USAGE, UsageError } from "./options.ts";
import { measure } from "./session.ts";

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  return measure(options);
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: Error) => {
    const isExpected = [UsageError, BenchError, SetupError].some((kind) => error instanceof kind);
    const advice = error instanceof UsageError ? " (see --help)" : "";
    console.error(isExpected ? `${error.message}${advice}` : error);
    process.exitCode = 2;
  },
);

// `npm run test:conformance` runs Connect's conformance suite and shows the output of its runner.

import { installSuite, missingTools, runSuite } from "./suite.ts";

const WITHIN_MS = 900_000;

const absent = missingTools();
if (absent.length > 0) {
  console.error(`the conformance suite cannot run: this machine lacks ${absent.join(", ")}`);
  process.exitCode = 2;
} else {
  await installSuite();
  const onOutput = (text: string) => process.stdout.write(text);
  const { failed } = await runSuite("gateway.yaml", { withinMs: WITHIN_MS, onOutput });
  if (failed > 0) process.exitCode = 1;
}

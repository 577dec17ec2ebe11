// `npm run test:conformance`: Connect's conformance suite alone, with what its runner prints.

import { bringSuite, lacking, runSuite } from "./suite.ts";

const WITHIN_MS = 900_000;

const absent = lacking();
if (absent.length > 0) {
  console.error(`the conformance suite cannot be run: this machine lacks ${absent.join(", ")}`);
  process.exitCode = 2;
} else {
  await bringSuite();
  const tell = (text: string) => process.stdout.write(text);
  const { failed } = await runSuite("gateway.yaml", { withinMs: WITHIN_MS, tell });
  if (failed > 0) process.exitCode = 1;
}

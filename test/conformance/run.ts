// `npm run test:conformance` runs Connect's conformance suite and shows the output of its runner.

import { CommandError, ExitCode, runCommand } from "../../ops/command/command.ts";
import { installSuite, missingTools, runSuite } from "./suite.ts";

const WITHIN_MS = 900_000;

await runCommand({
  name: "test:conformance",
  summary: "Runs Connect's conformance suite against the protocols of the gateway.",
  options: {},
  notes: ["Exits with 0, with 1 when a case failed, with 2 when this machine lacks Go."],
  async run() {
    const absent = missingTools();
    if (absent.length > 0) {
      const message = `the conformance suite cannot run: this machine lacks ${absent.join(", ")}`;
      throw new CommandError(message, { exitCode: ExitCode.CANNOT_RUN });
    }
    await installSuite();
    const onOutput = (text: string) => process.stdout.write(text);
    const { failed } = await runSuite("gateway.yaml", { withinMs: WITHIN_MS, onOutput });
    return failed > 0 ? ExitCode.FAILED : ExitCode.DONE;
  },
});

// `npm run format`: formats the code and applies the fixes of the linter that are safe.

import { ExitCode, runCommand } from "../ops/command/command.ts";
import { runProgram } from "./programs.ts";

await runCommand({
  name: "format",
  summary: "Formats the code with biome, and applies the fixes of its linter that are safe.",
  options: {},
  async run() {
    runProgram("biome", ["check", "--write", "."]);
    return ExitCode.DONE;
  },
});

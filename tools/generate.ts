// `npm run generate`: generates code and the description of the JSON interface from the contract.

import { ExitCode, runCommand } from "../ops/command/command.ts";
import { runProgram } from "./programs.ts";

await runCommand({
  name: "generate",
  summary: "Generates proto/gen and gateway/openapi.yaml from the contract in proto/.",
  options: {},
  async run() {
    runProgram("buf", ["generate"]);
    runProgram("buf", ["generate", "--template", "buf.gen.openapi.yaml"]);
    return ExitCode.DONE;
  },
});

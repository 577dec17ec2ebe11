import { spawnSync } from "node:child_process";

export type Language = {
  /** Its folder in sdk/. */
  name: string;
  /** What has to be on the machine, each with a command that succeeds where it is. */
  needs: { what: string; command: string[] }[];
  /** Brings the plugins, where the generator does not do that by itself. In order, in the project's folder. */
  prepare: string[][];
  /** Where buf finds the plugins, below the project's folder. */
  plugins?: string;
};

const venv = "sdk/python/.venv";
const venvWorks = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
const tools = "sdk/java/target/tools";

export const LANGUAGES: Language[] = [
  { name: "typescript", needs: [], prepare: [] },
  {
    name: "go",
    // Fails where this go is older than go.mod asks for, and may not fetch a newer one.
    needs: [{ what: "Go 1.26 (go)", command: ["go", "-C", "sdk/go", "list", "-m"] }],
    // Else buf starts both plugins at once, and each compiles everything for itself.
    prepare: [["go", "-C", "sdk/go", "build", "tool"]],
  },
  {
    name: "python",
    needs: [{ what: "Python 3.11 with its venv (python3)", command: ["python3", "-c", venvWorks] }],
    prepare: [
      ["python3", "-m", "venv", venv],
      [`${venv}/bin/pip`, "install", "--quiet", "--requirement", "sdk/python/requirements.txt"],
    ],
    plugins: `${venv}/bin`,
  },
  {
    name: "java",
    needs: [
      { what: "a JDK, 17 or later (javac)", command: ["javac", "--release", "17", "--version"] },
      { what: "Maven (mvn)", command: ["mvn", "--version"] },
    ],
    prepare: [
      ["mvn", "--quiet", "--batch-mode", "-Dstyle.color=never", "--file", "sdk/java", "initialize"],
      ["chmod", "+x", `${tools}/protoc`, `${tools}/protoc-gen-grpc-java`],
    ],
  },
];

/** What this machine has not got of the things that the language needs. */
export function missing(language: Language, root: string): string[] {
  return language.needs
    .filter(({ command: [program = "", ...args] }) => {
      return spawnSync(program, args, { cwd: root, stdio: "ignore" }).status !== 0;
    })
    .map(({ what }) => what);
}

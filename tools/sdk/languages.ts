import { spawnSync } from "node:child_process";

export type Language = {
  /** The folder in sdk/. */
  name: string;
  /** What the machine must have, each with a command that succeeds if it does. */
  needs: { what: string; command: string[] }[];
  /** Commands that install the plugins, run in order in the root folder. */
  prepare: string[][];
  /** The folder in which buf finds the plugins, relative to the root folder. */
  plugins?: string;
};

const venv = "sdk/python/.venv";
const venvWorks = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
const tools = "sdk/java/target/tools";

export const LANGUAGES: Language[] = [
  { name: "typescript", needs: [], prepare: [] },
  {
    name: "go",
    // Fails if this Go is older than go.mod requires and may not download a newer one.
    needs: [{ what: "Go 1.26 (go)", command: ["go", "-C", "sdk/go", "list", "-m"] }],
    // Otherwise buf starts both plugins at once, and each compiles everything again.
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

/** What this machine lacks of what the language needs. */
export function missing(language: Language, root: string): string[] {
  return language.needs
    .filter(({ command: [program = "", ...args] }) => {
      return spawnSync(program, args, { cwd: root, stdio: "ignore" }).status !== 0;
    })
    .map(({ what }) => what);
}

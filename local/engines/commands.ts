import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

export type Finished = { code: number | null; stdout: string; stderr: string };

export type RunOptions = {
  timeoutMs: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Gets each line of output as it comes. */
  log?: (line: string) => void;
};

// What a command printed is kept for messages and for parsing, never more than this.
const keptCharacters = 200_000;

/**
 * Runs a command to its end. It never rejects: a command that is missing or does not end in time
 * has code null and says so in stderr.
 */
export function run(command: string, args: string[], options: RunOptions): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs,
      killSignal: "SIGKILL",
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8");
      child[name].on("data", (chunk: string) => {
        output[name] = (output[name] + chunk).slice(-keptCharacters);
        for (const line of chunk.split("\n")) if (line.trim() !== "") options.log?.(line.trim());
      });
    }
    child.on("error", (error) => resolve({ ...output, code: null, stderr: error.message }));
    child.on("close", (code, signal) => {
      const stderr = signal === "SIGKILL" ? `${output.stderr}\nnot done in time` : output.stderr;
      resolve({ ...output, code, stderr });
    });
  });
}

/** The last line a command printed, which is where most of them say why they failed. */
export function lastLine(finished: Finished): string {
  const lines = `${finished.stdout}\n${finished.stderr}`.split("\n");
  return (
    lines
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .at(-1) ?? `exit ${finished.code}`
  );
}

// Servers are often installed where the PATH of an ordinary user does not look.
const serverDirectories = [
  "/usr/sbin",
  "/usr/local/sbin",
  "/usr/local/bin",
  "/opt/homebrew/bin",
  "/opt/homebrew/sbin",
  "/opt/homebrew/opt/mysql/bin",
  "/opt/homebrew/opt/mariadb/bin",
  "/home/linuxbrew/.linuxbrew/bin",
];

/** Full paths of the programs with these names, in the order of the PATH, then of the names. */
export function findPrograms(
  names: string[],
  env: NodeJS.ProcessEnv,
  more: string[] = serverDirectories,
): string[] {
  const directories = [...(env.PATH ?? "").split(delimiter), ...more].filter((d) => d !== "");
  const paths = directories.flatMap((directory) => names.map((name) => join(directory, name)));
  return [...new Set(paths)].filter(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

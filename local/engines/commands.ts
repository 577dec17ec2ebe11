import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

export type Finished = { code: number | null; stdout: string; stderr: string };

type RunOptions = {
  timeoutMs: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Called with each line of output. */
  log?: (line: string) => void;
};

/** Characters of output that are kept, from the end. */
const MAX_OUTPUT = 200_000;

/**
 * Runs a command to its end. Never rejects: a command that is missing or does not end in time has
 * code null and an explanation in stderr.
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
        output[name] = (output[name] + chunk).slice(-MAX_OUTPUT);
        for (const line of chunk.split("\n")) if (line.trim() !== "") options.log?.(line.trim());
      });
    }
    child.on("error", (error) => resolve({ ...output, code: null, stderr: error.message }));
    child.on("close", (code, signal) => {
      const stderr =
        signal === "SIGKILL"
          ? `${output.stderr}\nended after ${options.timeoutMs / 1_000} s without a result`
          : output.stderr;
      resolve({ ...output, code, stderr });
    });
  });
}

/** The last line that a command printed; most commands explain a failure there. */
export function lastLine(finished: Finished): string {
  const lines = `${finished.stdout}\n${finished.stderr}`.split("\n");
  return (
    lines
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .at(-1) ?? `exit ${finished.code}`
  );
}

// Servers are often installed outside of an ordinary user's PATH.
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

/** Full paths of the programs with these names: in the order of the PATH, then of the names. */
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

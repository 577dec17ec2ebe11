import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

type Ran = { code: number; stdout: string; stderr: string };

const program = fileURLToPath(new URL("../../ops/parked.ts", import.meta.url));

/** Runs `npm run parked` with these arguments against the shop of a namespace. */
export function runParked(
  namespace: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      {
        env: { ...process.env, SHOP_NAMESPACE: namespace, ...env },
        maxBuffer: 2 ** 26,
        timeout: 30_000,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

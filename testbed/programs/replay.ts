import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { addressSettings } from "../shop/settings.ts";
import type { Shop } from "../shop/shop.ts";

export const replayProgram = fileURLToPath(new URL("../../replay/run.ts", import.meta.url));
export const sample = fileURLToPath(new URL("../retail/online-retail-sample.csv", import.meta.url));

/** The settings by which a command finds the programs and data of a shop. */
export function settingsOf({ addresses, namespace, sandbox }: Shop): Record<string, string> {
  return {
    ...addressSettings(addresses),
    SHOP_ENV: "test",
    SHOP_NAMESPACE: namespace,
    SHOP_SANDBOX_URL: sandbox.url,
  };
}

/** Runs the replay as a command; `onLine` receives each line of its progress. */
export async function runReplay(
  args: string[],
  { env, onLine }: { env: Record<string, string>; onLine?: (line: string) => void },
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [replayProgram, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (onLine) createInterface(child.stderr).on("line", onLine);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

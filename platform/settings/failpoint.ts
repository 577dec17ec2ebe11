import { appendFileSync } from "node:fs";

// A failpoint kills or hangs the process at a named point, so that tests can show what a crash
// there does. Transactions, calls, publishing, acknowledging and calls to payment providers have
// failpoints. They do nothing unless SHOP_ENV is "test" and SHOP_FAILPOINT names them. With
// SHOP_FAILPOINT_LOG, the process appends the name of each failpoint that it passes to that file,
// once, so that tests discover them all.

type Action = "kill" | "hang";
type Armed = { remaining: number; action: Action };

const armed = parse(process.env);
const passed = recorder(process.env);

function parse(env: NodeJS.ProcessEnv): Map<string, Armed> | undefined {
  if (env.SHOP_ENV !== "test" || !env.SHOP_FAILPOINT) return undefined;
  const points = new Map<string, Armed>();
  for (const entry of env.SHOP_FAILPOINT.split(",")) {
    const match = /^(.+?)(?::(\d+):(kill|hang))$/.exec(entry.trim());
    if (!match?.[1])
      throw new Error(`SHOP_FAILPOINT: must be name:n:kill or name:n:hang, not "${entry}"`);
    points.set(match[1], { remaining: Number(match[2]), action: match[3] as Action });
  }
  return points;
}

function recorder(env: NodeJS.ProcessEnv): ((name: string) => void) | undefined {
  const file = env.SHOP_FAILPOINT_LOG;
  if (env.SHOP_ENV !== "test" || !file) return undefined;
  const written = new Set<string>();
  return (name) => {
    if (written.has(name)) return;
    written.add(name);
    appendFileSync(file, `${name}\n`);
  };
}

/**
 * Passes the failpoint `name`. The n-th pass of an armed one kills the process with SIGKILL, or
 * returns a promise that never settles. Every other pass returns undefined.
 */
export function failpoint(name: string): Promise<void> | undefined {
  passed?.(name);
  const point = armed?.get(name);
  if (!point) return undefined;
  point.remaining -= 1;
  if (point.remaining !== 0) return undefined;
  if (point.action === "kill") process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}

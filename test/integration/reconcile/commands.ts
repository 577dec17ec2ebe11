import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { Shop } from "../../../testbed/shop/shop.ts";

type Ended = { code: number; stdout: string; stderr: string };

/** The settings by which a command finds the shop and its providers. */
export function commandEnv(shop: Shop, providers: Record<string, string> = {}) {
  return {
    ...process.env,
    SHOP_ENV: "test",
    SHOP_NAMESPACE: shop.namespace,
    SHOP_SANDBOX_URL: shop.sandbox.url,
    ...providers,
  };
}

/** Runs ops/reconcile.ts or ops/books.ts. */
export function run(
  program: "reconcile" | "books",
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env, maxBuffer: 2 ** 26 };
    execFile(process.execPath, [`ops/${program}.ts`, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

type Reported = {
  code: number;
  /** "provider kind item" of each difference. */
  differences: string[];
  undecided: string[];
  unseen: { provider: string; why: string }[];
  totals: Record<string, string>;
};

/** Runs `npm run reconcile` and reads its report. */
export async function reconcile(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Reported> {
  const { code, stdout, stderr } = await run("reconcile", [...args, "--json"], env);
  assert.ok(code !== 2 && stdout !== "", stderr);
  const { providers, unseen } = JSON.parse(stdout);
  type Provider = {
    provider: string;
    differences: { kind: string; item: string }[];
    undecided: string[];
    totals: { what: string; currency: string; count: number; cents: string }[];
  };
  const all = providers as Provider[];
  return {
    code,
    differences: all.flatMap(({ provider, differences }) =>
      differences.map(({ kind, item }) => `${provider} ${kind} ${item}`),
    ),
    undecided: all.flatMap(({ undecided }) => undecided),
    unseen,
    totals: Object.fromEntries(
      all.flatMap(({ provider, totals }) =>
        totals.map(({ what, currency, count, cents }) => {
          return [`${provider} ${what}`, `${count} ${cents} ${currency}`];
        }),
      ),
    ),
  };
}

const DAY_MS = 86_400_000;

/** The day of now, where the clocks are ahead of UTC by `aheadMs`. */
export function today(aheadMs = 0): string {
  return new Date(Date.now() + aheadMs).toISOString().slice(0, 10);
}

/**
 * Resolves at a time from which the day goes on for a while: a test's rows shall be of one day, and
 * a refund close to midnight may be in the statement of either day.
 */
export async function awayFromMidnight(aheadMs = 0): Promise<void> {
  const intoDayMs = () => (Date.now() + aheadMs) % DAY_MS;
  while (intoDayMs() < MARGIN_MS || intoDayMs() > DAY_MS - MARGIN_MS - TEST_MS) await pause(1_000);
}

/** As the margin that npm run reconcile has for clocks that differ. */
const MARGIN_MS = 60_000;
const TEST_MS = 60_000;
/** For the timeout of a suite that waits for a better time of the day. */
export const MIDNIGHT_MS = 2 * MARGIN_MS + TEST_MS;

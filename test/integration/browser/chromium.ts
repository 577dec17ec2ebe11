import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { findPrograms } from "../../../local/engines/commands.ts";
import { installPackage } from "../../../local/engines/packages.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** It is not to ask for anything outside: no updates, no accounts, no QUIC. */
const SWITCHES = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/** Where the browser is, after installing it if need be; undefined, with a line that says so, where it cannot be had. */
export async function findChromium(): Promise<string | undefined> {
  const find = () => findPrograms(PROGRAMS, process.env)[0];
  const found = find();
  if (found !== undefined) return found;
  try {
    await installPackage("chromium", { env: process.env, log: () => {} });
    return find();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.log(`\n  SKIPPED: the browser tests have no browser: ${why}\n`);
    return undefined;
  }
}

/**
 * A browser that has kept nothing. It ends with `close()`, and by itself when this process does: it is driven through a
 * pipe. The directory that it writes to is then cleared away by the next run.
 */
export async function startChromium(executablePath: string): Promise<BrowserContext> {
  const directory = temporaryDirectory();
  const clearAway = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  try {
    const profile = join(directory, "profile");
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: SWITCHES,
    });
    browser.once("close", clearAway);
    return browser;
  } catch (error) {
    clearAway();
    throw error;
  }
}

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { findPrograms } from "../../../local/engines/commands.ts";
import { installPackage } from "../../../local/engines/packages.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Keep the browser from contacting other hosts: no updates, no accounts, no QUIC. */
const SWITCHES = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
];

/**
 * The path of the browser, which is installed if it is missing. Undefined, with a line on the
 * console, if that fails.
 */
export async function findChromium(): Promise<string | undefined> {
  const find = () => findPrograms(PROGRAMS, process.env)[0];
  const found = find();
  if (found !== undefined) return found;
  try {
    await installPackage("chromium", { env: process.env, log: () => {} });
    return find();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    console.log(`\n  SKIPPED: the browser tests, Chromium cannot be installed: ${cause}\n`);
    return undefined;
  }
}

/**
 * Starts a browser with an empty profile. It ends with `close()`, or when this process ends,
 * because it is controlled through a pipe; the next run then removes its directory.
 */
export async function startChromium(executablePath: string): Promise<BrowserContext> {
  const directory = temporaryDirectory();
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  try {
    const profile = join(directory, "profile");
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath,
      args: SWITCHES,
    });
    browser.once("close", removeDirectory);
    return browser;
  } catch (error) {
    removeDirectory();
    throw error;
  }
}

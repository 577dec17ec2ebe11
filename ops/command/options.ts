import { resolve } from "node:path";
import { UsageError } from "./command.ts";

const MAX_DIGITS = 15;

/** A whole number within the bounds; `undefined` where the option is not given. */
export function wholeNumber(
  option: string,
  text: string | undefined,
  { min, max }: { min: number; max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value =
    /^(0|[1-9]\d*)$/.test(text) && text.length <= MAX_DIGITS ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${option} must be a whole number from ${min} to ${max}, not "${text}"`);
}

/** Whether the text is an identifier of the shop: a positive number of at most 19 digits. */
export function isIdentifier(text: string): boolean {
  return /^[1-9]\d{0,18}$/.test(text);
}

/**
 * The absolute path of a file that the command line names. npm runs scripts in the folder of
 * package.json, so a relative path is resolved against the folder in which npm was called.
 */
export function pathFromCaller(path: string, env: NodeJS.ProcessEnv = process.env): string {
  const calledFrom = env.npm_lifecycle_event === undefined ? undefined : env.INIT_CWD;
  return resolve(calledFrom ?? process.cwd(), path);
}

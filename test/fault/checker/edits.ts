/** A piece of source code that is replaced when a program loads the file. */
export type Edit = {
  /** The path from the root of the project, such as "services/goods/store/stock.ts". */
  file: string;
  /** Occurs in the file exactly once. */
  piece: string;
  replacement: string;
};

/**
 * Applies an edit. Throws when the piece does not occur exactly once: the file has changed, and the
 * mutation must be updated.
 */
export function edited(source: string, { file, piece, replacement }: Edit): string {
  const times = source.split(piece).length - 1;
  if (times !== 1)
    throw new Error(`${file} contains this piece ${times} times, not once:\n${piece}`);
  return source.replace(piece, () => replacement);
}

/** The variable with the edits of a program as JSON; `mutatedBy` sets it with NODE_OPTIONS. */
export const EDITS_VARIABLE = "FAULT_EDITS";

/** The settings with which a program runs with these edits. */
export function mutatedBy(edits: readonly Edit[]): Record<string, string> {
  return {
    NODE_OPTIONS: `--import ${new URL("hook.ts", import.meta.url).href}`,
    [EDITS_VARIABLE]: JSON.stringify(edits),
  };
}

/** What a program writes when it has loaded an edited file. */
export const mark = (file: string) => `loaded ${file} with edits`;

/** One piece of source that is replaced when a program loads the file. */
export type Edit = {
  /** From the root of the project: "services/goods/store/stock.ts". */
  file: string;
  /** Stands in the file exactly once. */
  piece: string;
  replacement: string;
};

/** Throws where the piece is not there exactly once: then the file was changed, and the mutation has to follow it. */
export function edited(source: string, { file, piece, replacement }: Edit): string {
  const times = source.split(piece).length - 1;
  if (times !== 1) throw new Error(`${file} has ${times} times, not once:\n${piece}`);
  return source.replace(piece, () => replacement);
}

/** Where a program finds its edits, as JSON; set together with NODE_OPTIONS by `mutatedBy`. */
export const EDITS_VARIABLE = "FAULT_EDITS";

/** The settings with which a program is started broken. */
export function mutatedBy(edits: readonly Edit[]): Record<string, string> {
  return {
    NODE_OPTIONS: `--import ${new URL("hook.ts", import.meta.url).href}`,
    [EDITS_VARIABLE]: JSON.stringify(edits),
  };
}

/** What a program writes when it has loaded an edited file. */
export const mark = (file: string) => `loads ${file} as it is not`;

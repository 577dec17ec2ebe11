import { posix } from "node:path";

/** One import as it stands in a file. */
export type Import = {
  line: number;
  specifier: string;
  /** Erased at run time: `import type` and `export type`. */
  typeOnly: boolean;
};

export type Scan = {
  imports: Import[];
  /** Lines with an import that cannot be read from the text: a computed name, `require`, an odd layout. */
  unreadable: number[];
};

const STATIC =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:(?:[\w$*{},\s]+?\s*)from\s*)?["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\s*\(\s*["']([^"'\n]+)["']/g;
const STATIC_START = /^[ \t]*(?:import\b(?!\s*[(.])|export\b[^=;()]*?\bfrom\s*["'])/gm;
const DYNAMIC_START = /\bimport\s*\(|\brequire\s*\(|\bcreateRequire\b/g;

/**
 * The imports of a TypeScript file, without parsing it: statements begin their line, as the formatter leaves them.
 * What looks like an import and is not understood is told, so that nothing passes unseen.
 */
export function scanImports(source: string): Scan {
  const text = blankComments(source);
  const imports: Import[] = [];
  const understood = new Set<number>();
  for (const match of text.matchAll(STATIC)) {
    const at = match.index;
    understood.add(at);
    imports.push({
      line: lineOf(text, at),
      specifier: match[2] ?? "",
      typeOnly: match[1] !== undefined,
    });
  }
  for (const match of text.matchAll(DYNAMIC)) {
    understood.add(match.index);
    imports.push({ line: lineOf(text, match.index), specifier: match[1] ?? "", typeOnly: false });
  }
  const starts = [...text.matchAll(STATIC_START), ...text.matchAll(DYNAMIC_START)];
  const unreadable = starts
    .filter(({ index }) => !understood.has(index))
    .map(({ index }) => lineOf(text, index));
  return { imports, unreadable: [...new Set(unreadable)] };
}

/**
 * Where an import leads: a path in the project ("services/order/domain/money.ts"), "node:fs", or "npm:pino" for
 * whatever part of a package.
 */
export function resolveImport(file: string, specifier: string): string {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(file), specifier);
  if (specifier === "#proto/services.ts") return "proto/services.ts";
  if (specifier.startsWith("#proto/")) return `proto/gen/${specifier.slice("#proto/".length)}`;
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (specifier.startsWith("node:")) return specifier;
  const [scope = "", name = ""] = specifier.split("/");
  return `npm:${scope.startsWith("@") ? `${scope}/${name}` : scope}`;
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** Comments that begin their line, and those at the end of an import's line, become spaces; lines stay where they are. */
export function blankComments(source: string): string {
  const blank = (comment: string) => comment.replaceAll(/[^\n]/g, " ");
  return source
    .replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, blank)
    .replaceAll(/^[ \t]*\/\/.*$/gm, blank)
    .replaceAll(/(?<=[{,] )\/\/.*$/gm, blank);
}

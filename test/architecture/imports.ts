import { posix } from "node:path";

/** One import of a file. */
export type Import = {
  line: number;
  specifier: string;
  /** Erased at run time: `import type` and `export type`. */
  typeOnly: boolean;
};

type Scan = {
  imports: Import[];
  /** Lines with an import that cannot be read: a computed name, `require`, an unusual layout. */
  unreadable: number[];
};

const STATIC =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:(?:[\w$*{},\s]+?\s*)from\s*)?["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\s*\(\s*["']([^"'\n]+)["']/g;
const STATIC_START = /^[ \t]*(?:import\b(?!\s*[(.])|export\b[^=;()]*?\bfrom\s*["'])/gm;
const DYNAMIC_START = /\bimport\s*\(|\brequire\s*\(|\bcreateRequire\b/g;

/**
 * The imports of a TypeScript file, read from its text. It relies on the formatter, which begins
 * each statement on a line of its own, and reports what looks like an import but cannot be read.
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
 * What an import names: a path in the project ("services/order/domain/money.ts"), "node:fs", or
 * "npm:pino" for any file of a package.
 */
export function resolveImport(file: string, specifier: string): string {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(file), specifier);
  if (/^#proto\/[^/]+\.ts$/.test(specifier)) return specifier.slice(1);
  if (specifier.startsWith("#proto/")) return `proto/gen/${specifier.slice("#proto/".length)}`;
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (specifier.startsWith("node:")) return specifier;
  const [scope = "", name = ""] = specifier.split("/");
  return `npm:${scope.startsWith("@") ? `${scope}/${name}` : scope}`;
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** The source with the comments that imports may carry as spaces; line numbers stay. */
export function blankComments(source: string): string {
  const blank = (comment: string) => comment.replaceAll(/[^\n]/g, " ");
  return source
    .replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, blank)
    .replaceAll(/^[ \t]*\/\/.*$/gm, blank)
    .replaceAll(/(?<=[{,] )\/\/.*$/gm, blank);
}

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type Edge, findCycles } from "./cycles.ts";
import { blankComments, type Import, lineOf, resolveImport, scanImports } from "./imports.ts";
import { ROOMS, type Room } from "./rooms.ts";
import { ENVIRONMENT_BOUND, ENVIRONMENT_READERS, RULED_FOLDERS, UNIT_TEST_MAY } from "./rules.ts";

type Fault = { file: string; line: number; rule: string; message: string };

/** Fixtures break the rules on purpose. */
const FIXTURES = "test/fixtures/";

/** "file:line rule: message", a form that editors and terminals link to the line. */
export function faultText({ file, line, rule, message }: Fault): string {
  return `${file}:${line} ${rule}: ${message}`;
}

/** Every breach of the rules below `root`, which is laid out as the project is. */
export function checkTree(root: string): Fault[] {
  const sources = sourceFiles(root).map((file) => {
    return { file, source: readFileSync(join(root, file), "utf8") };
  });
  const files = new Set(sources.map(({ file }) => file));
  const edges = sources.flatMap(({ file, source }) => edgesOf(file, source, files));
  return [...sources.flatMap(({ file, source }) => checkFile(file, source)), ...cycleFaults(edges)];
}

/** The TypeScript files that the rules cover, as paths below `root`. */
export function sourceFiles(root: string): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return inFolder(path);
      return /\.[cm]?tsx?$/.test(entry.name) ? [path] : [];
    });
  const present = readdirSync(root);
  return RULED_FOLDERS.filter((folder) => present.includes(folder))
    .flatMap(inFolder)
    .filter((file) => !file.startsWith(FIXTURES));
}

export function checkFile(file: string, source: string): Fault[] {
  const room = ROOMS.find(({ files }) => matchesAny(file, files));
  if (!room) return [{ file, line: 1, rule: "house", message: "belongs to no room of the house" }];
  const { imports, unreadable } = scanImports(source);
  const breaches = imports.flatMap((one) => checkImport(file, room, one));
  // Code that runs only in a test may load packages and read the environment.
  if (file.endsWith(".test.ts")) return breaches;
  if (!matchesAny(file, ENVIRONMENT_BOUND)) return breaches;
  return [
    ...breaches,
    ...unreadable.map((line) => {
      const message = "has an import that cannot be read from the text";
      return { file, line, rule: "plain-imports", message };
    }),
    ...checkEnvironment(file, source),
  ];
}

function checkImport(file: string, room: Room, { line, specifier, typeOnly }: Import): Fault[] {
  const target = resolveImport(file, specifier);
  const service = /^services\/([^/]+)\//.exec(file)?.[1] ?? "";
  const { may, testsMay = [] } = room;
  const isTest = file.endsWith(".test.ts");
  const allowed = (isTest ? [...may, ...testsMay, ...UNIT_TEST_MAY] : may)
    .filter((pattern) => typeOnly || !pattern.startsWith("type "))
    .map((pattern) => pattern.replace("type ", "").replace("{service}", service));
  if (matchesAny(target, allowed)) return [];
  const message = `must not import ${target}: ${room.why}`;
  return [{ file, line, rule: room.rule, message }];
}

function edgesOf(file: string, source: string, files: ReadonlySet<string>): Edge[] {
  return scanImports(source).imports.flatMap(({ line, specifier }) => {
    const to = resolveImport(file, specifier);
    return files.has(to) ? [{ from: file, to, line }] : [];
  });
}

function cycleFaults(edges: readonly Edge[]): Fault[] {
  return findCycles(edges).map(({ edge: { from, to, line }, files }) => {
    const message = `imports ${to}, which imports it in turn: ${files.join(", ")}`;
    return { file: from, line, rule: "cycles", message };
  });
}

const ENVIRONMENT =
  /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*\[\s*["'`]env|\benv\b[^;]*from\s*["'](?:node:)?process["']/g;

function checkEnvironment(file: string, source: string): Fault[] {
  if (matchesAny(file, ENVIRONMENT_READERS)) return [];
  const text = blankComments(source);
  const message = "must not read the environment: the configuration does";
  return [...text.matchAll(ENVIRONMENT)].map(({ index }) => {
    return { file, line: lineOf(text, index), rule: "environment", message };
  });
}

function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => regularExpression(pattern).test(path));
}

const expressions = new Map<string, RegExp>();

function regularExpression(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known) return known;
  const text = pattern
    .replaceAll(/[.+?^$()|[\]\\{}]/g, "\\$&")
    .replaceAll("**", "\0")
    .replaceAll("*", "[^/]*")
    .replaceAll("\0", ".*");
  const expression = new RegExp(`^${text}$`);
  expressions.set(pattern, expression);
  return expression;
}

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const PAGES = globSync("{*.md,docs/*.md,*/README.md,*/*/README.md}", {
  exclude: (path) => path === "node_modules",
});
const LINK = /\]\(([^)#\s]+)[^)]*\)/g;
/** A path in backticks, from the root of the repository. */
const PATH =
  /`((?:bench|deploy|docs|gateway|local|ops|platform|proto|replay|sdk|services|simulators|test|testbed|tools)\/[\w./*{},-]*)`/g;
/** Files that exist only after a command has generated them. */
const GENERATED = /\/(gen|target|\.venv)\b/;

describe("documentation", () => {
  for (const page of PAGES) {
    it(`refers to files that exist: ${page}`, () => {
      const text = readFileSync(page, "utf8");
      const links = captures(text, LINK).filter((target) => !/^[a-z]+:/.test(target));
      const broken = links.filter((target) => !existsSync(join(dirname(page), target)));
      const paths = captures(text, PATH).filter((path) => !GENERATED.test(path));
      const missing = paths.filter((path) => globSync(path).length === 0);
      assert.deepEqual([...broken, ...missing], []);
    });
  }
});

function captures(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, captured = ""]) => captured);
}

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkFile, checkTree, faultText, sourceFiles } from "./architecture/check.ts";
import { findCycles } from "./architecture/cycles.ts";
import { scanImports } from "./architecture/imports.ts";
import { ROOMS } from "./architecture/rooms.ts";
import { RULED_FOLDERS } from "./architecture/rules.ts";

const PROJECT = join(import.meta.dirname, "..");
const FIXTURES = join(import.meta.dirname, "fixtures", "architecture");
const OTHER_RULES = ["house", "plain-imports", "environment", "cycles"];

describe("architecture", () => {
  it("covers every folder with source files", () => {
    const folders = readdirSync(PROJECT, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith("."),
    );
    const unruled = folders.map(({ name }) => name).filter((name) => !RULED_FOLDERS.includes(name));
    assert.deepEqual(unruled.sort(), ["deploy", "docs", "node_modules", "proto", "sdk"]);
  });

  it("keeps every import within the rules of its room, and no cycle", () => {
    assert.ok(sourceFiles(PROJECT).length > 0);
    assert.deepEqual(checkTree(PROJECT).map(faultText), []);
  });

  it("has a fixture for every rule, and no other fixtures", () => {
    const rules = [...ROOMS.map(({ rule }) => rule), ...OTHER_RULES];
    assert.deepEqual(readdirSync(FIXTURES).sort(), rules.sort());
  });

  // In a fixture, each line that breaks the rule ends with `// breaks it`; the others keep it.
  for (const rule of readdirSync(FIXTURES)) {
    it(`catches each breach of the rule "${rule}", by that rule, at its line`, () => {
      const root = join(FIXTURES, rule);
      const files = sourceFiles(root);
      const expected = files.flatMap((file) => markedLines(root, file));
      const found = checkTree(root).map((fault) => `${fault.file}:${fault.line} ${fault.rule}`);
      assert.ok(expected.length > 0, "a fixture breaks its rule");
      assert.deepEqual(found.sort(), expected.map((place) => `${place} ${rule}`).sort());
    });
  }

  it("lets a unit test import what its room may, node and fast-check, and no other room", () => {
    const source = [
      'import assert from "node:assert/strict";',
      'import fc from "fast-check";',
      'import { total } from "./amounts.ts";',
      'import { insertOrder } from "../store/orders.ts";',
      'import { startShop } from "../../../testbed/shop/shop.ts";',
    ].join("\n");
    const faults = checkFile("services/order/domain/amounts.test.ts", source);
    assert.deepEqual(
      faults.map(({ line, rule }) => [line, rule]),
      [
        [4, "domain"],
        [5, "domain"],
      ],
    );
  });
});

describe("findCycles", () => {
  const edge = (text: string) => {
    const [from = "", to = ""] = text.split(" ");
    return { from, to, line: 1 };
  };

  it("reports a tangle once, with all files that reach each other", () => {
    const edges = ["a b", "b c", "c a", "c d", "d c", "e a", "f g", "g f"].map(edge);
    assert.deepEqual(
      findCycles(edges).map(({ files }) => files.join(" ")),
      ["a b c d", "f g"],
    );
  });

  it("accepts a diamond and a long chain", () => {
    assert.deepEqual(findCycles(["a b", "a c", "b d", "c d", "d e"].map(edge)), []);
  });
});

describe("scanImports", () => {
  it("reads every form of import, with its line", () => {
    const source = [
      'import { a } from "one";',
      "import type {",
      "  B, // the second letter",
      '} from "two";',
      "/**",
      ' * import { no } from "comment";',
      " */",
      '// import "comment";',
      "import 'three';",
      'export * as four from "four";',
      'export { type E } from "five";',
      'const six = await import("six");',
      "export const text = `from`;",
      'export const from = "nothing";',
      "if (import.meta.main) run();",
    ].join("\n");
    const { imports, unreadable } = scanImports(source);
    assert.deepEqual(
      imports.map(
        ({ line, specifier, typeOnly }) => `${line} ${typeOnly ? "type " : ""}${specifier}`,
      ),
      ["1 one", "2 type two", "9 three", "10 four", "11 five", "12 six"],
    );
    assert.deepEqual(unreadable, []);
  });
});

function markedLines(root: string, file: string): string[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  return lines.flatMap((line, index) =>
    line.endsWith("// breaks it") ? [`${file}:${index + 1}`] : [],
  );
}

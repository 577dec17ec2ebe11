import assert from "node:assert/strict";
import { usageText } from "./usage.ts";

describe("the usage text of a command", () => {
  it("has the summary, a synopsis, a line for each option, and the notes", () => {
    const text = usageText({
      name: "replay",
      summary: "Places orders.",
      positionals: "FILE",
      options: {
        json: { type: "boolean", help: "print JSON" },
        limit: { type: "string", value: "N", help: "place only N orders" },
      },
      notes: ["Exits with 0."],
    });
    assert.equal(
      text,
      `Places orders.

Usage: npm run replay -- FILE [options]

  --json     print JSON
  --limit N  place only N orders
  --help     show this text

Exits with 0.`,
    );
  });

  it("wraps what is longer than 100 columns, and aligns the rest of an option's help", () => {
    const long = "word ".repeat(40).trim();
    const text = usageText({
      name: "x",
      summary: long,
      options: { flag: { type: "boolean", help: long } },
    });
    assert.ok(text.split("\n").every((line) => line.length <= 100));
    assert.match(text, /\n {2}--flag {2}word .*\n {10}word /);
  });

  it("names no options where a command has none", () => {
    const text = usageText({ name: "demo", summary: "Shows.", options: {} });
    assert.match(text, /^Usage: npm run demo$/m);
  });
});

import assert from "node:assert/strict";
import type { CpuProfile } from "./inspector.ts";
import { flameGraphPage } from "./page.ts";

const PROFILE: CpuProfile = {
  nodes: [
    {
      id: 1,
      callFrame: { functionName: "(root)", url: "", lineNumber: -1, columnNumber: -1 },
    },
  ],
  startTime: 0,
  endTime: 1_000,
  samples: [1],
  timeDeltas: [0],
};

describe("the flame graph page", () => {
  const page = flameGraphPage("order </title><script>", PROFILE);

  it("contains the profile and the viewer, and loads nothing else", () => {
    assert.ok(page.includes(Buffer.from(JSON.stringify(PROFILE)).toString("base64")));
    assert.ok(page.includes("loadFileFromBase64"));
    assert.doesNotMatch(page, /<script [^>]*src=|<link\b|@import/);
    const addresses = [...page.matchAll(/url\(["']?([^"')]{0,12})/g)].map(([, start]) => start);
    for (const start of addresses) assert.match(start ?? "", /^data:|^#|^$/);
  });

  it("escapes the title", () => {
    assert.ok(!page.includes("order </title>"));
    assert.match(page, /<title>order &lt;\/title>&lt;script><\/title>/);
  });
});

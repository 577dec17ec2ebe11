import assert from "node:assert/strict";
import { readOptions } from "../options.ts";
import type { Turn } from "../turn.ts";
import { page } from "./page.ts";
import { resultOf } from "./result.ts";

const turn: Turn = {
  workload: "place",
  load: "64 in flight",
  target: "shop",
  figures: { perSecond: 1_500, p50Ms: 30, "cpuMs.order": 0.2, cpuMs: 0.5 },
  outcomes: { ok: 100, "INTERNAL </script><b>": 1 },
  perSecond: [50, 50],
  curve: [
    [50, 30],
    [99, 80],
  ],
};
const options = readOptions([], {});

describe("the report page", () => {
  it("loads nothing else, and no figure can end its scripts", () => {
    assert.ok(options);
    const machine = {
      processor: "cpu",
      cores: 2,
      memoryGib: 4,
      kernel: "6",
      node: "26",
      loadAverage: 0,
      database: "MariaDB",
      broker: "nats-server",
      commit: "abc",
      changed: false,
      time: "2026-01-01T00:00:00Z",
    };
    const html = page(
      resultOf({ machine, options, turns: [turn], idle: undefined, audited: undefined }),
    );
    assert.doesNotMatch(html, /<(script|link)[^>]+(src|href)=/);
    assert.equal(html.match(/<\/script>/g)?.length, 3);
    assert.ok(html.includes("&lt;/script>&lt;b>"));
    assert.equal(html.match(/<canvas /g)?.length, 7);
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { fenOf, share, yuan } from "./amounts.ts";
import { beijingDayBounds, beijingMs, beijingTime } from "./beijing.ts";
import { fieldFault, flatten, integer, required, type Spec, text } from "./fields.ts";

describe("amounts in yuan", () => {
  it("are the same fen again, and have no other form", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 13n), (fen) => {
        assert.equal(fenOf(yuan(fen)), fen);
      }),
    );
    assert.deepEqual(["1", "1.2", "0.01"].map(fenOf), [100n, 120n, 1n]);
    for (const wrong of ["", "1.", ".1", "1.234", "01", "-1", "1e2", " 1", "1,00"]) {
      assert.equal(fenOf(wrong), undefined, wrong);
    }
    assert.deepEqual([yuan(-5n), yuan(-123n)], ["-0.05", "-1.23"]);
  });

  it("have shares that are rounded half up", () => {
    assert.deepEqual([share(12_345n, 60n), share(75n, 200n), share(74n, 200n)], [74n, 2n, 1n]);
  });
});

describe("times of Beijing", () => {
  it("are eight hours ahead, in every zone of the process", () => {
    const ms = Date.UTC(2026, 10, 26, 16);
    assert.equal(beijingTime(ms), "2026-11-27 00:00:00");
    assert.equal(beijingMs("2026-11-27 00:00:00"), ms);
    assert.equal(beijingDayBounds("2026-11-27")?.fromMs, ms);
    for (const wrong of ["2026-02-30 00:00:00", "2026-11-27", "2026-11-27 24:00:00"]) {
      assert.equal(beijingMs(wrong), undefined, wrong);
    }
  });
});

describe("the fields of a request", () => {
  const spec: Spec = {
    name: required(text(3)),
    "amount.total": integer(1, 10),
    "lines.#.id": text(5),
    "form[#][id]": text(5),
    "metadata[*]": text(5),
  };
  const fault = (value: object) => fieldFault(flatten(value), spec);

  it("are accepted if the rules have them, lists and names included", () => {
    const value = {
      name: "茶茶茶",
      amount: { total: 10 },
      lines: [{ id: "a" }, { id: null }],
      "form[12][id]": "a",
      "metadata[any]": "b",
    };
    assert.equal(fault(value), undefined);
  });

  it("are refused if they are unknown, missing or do not fit", () => {
    const kinds = [
      { name: "a", other: 1 },
      { name: "a", amount: { total: 1, other: 1 } },
      {},
      { name: "" },
      { name: "四个字符" },
      { name: "a", amount: { total: 11 } },
      { name: "a", amount: { total: "1" } },
      { name: 1 },
    ].map((value) => fault(value)?.kind);
    assert.deepEqual(kinds, [
      "unknown",
      "unknown",
      "missing",
      "invalid",
      "invalid",
      "invalid",
      "invalid",
      "invalid",
    ]);
  });
});

import assert from "node:assert/strict";
import { beijingRfc3339, beijingTime, parseBeijingTime } from "./beijing.ts";

describe("times of Beijing", () => {
  // What they are must not depend on the zone of the process.
  for (const zone of ["UTC", "Asia/Shanghai", "America/New_York"]) {
    it(`are written and read in ${zone}`, () => {
      const before = process.env.TZ;
      process.env.TZ = zone;
      try {
        const time = new Date("2026-03-08T17:59:59.999Z");
        assert.equal(beijingTime(time), "2026-03-09 01:59:59");
        assert.equal(beijingRfc3339(time), "2026-03-09T01:59:59+08:00");
        // Half past two does not exist in New York on this day.
        assert.deepEqual(
          parseBeijingTime("2026-03-08 02:30:00"),
          new Date("2026-03-07T18:30:00.000Z"),
        );
        assert.deepEqual(parseBeijingTime("2026-01-01 00:00:00"), new Date(1_767_196_800_000));
      } finally {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      }
    });
  }

  it("are nothing in another form or on no calendar", () => {
    for (const text of [
      "2026-02-29 00:00:00",
      "2026-04-31 00:00:00",
      "2026-13-01 00:00:00",
      "2026-01-01 24:00:00",
      "2026-01-01 00:00:60",
      "2026-01-01T00:00:00",
      "2026-01-01 00:00:00.000",
      "2026-01-01",
      "1969-01-01 00:00:00",
      "",
      undefined,
      1,
    ]) {
      assert.equal(parseBeijingTime(text), undefined, String(text));
    }
  });
});

import assert from "node:assert/strict";
import { untilAnswers } from "./probes.ts";

describe("waiting for a database or a broker", () => {
  const url = "mysql://root:secret@db:3306";
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

  it("logs what it waits for after a moment, without the password", async () => {
    const lines: string[] = [];
    const endMs = Date.now() + 2_000;
    const probe = async () => {
      if (Date.now() < endMs) throw refused;
      return "10.11";
    };
    const log = (line: string) => lines.push(line);
    assert.equal(
      await untilAnswers("SHOP_MYSQL_URL", url, { probe, withinMs: 30_000, log }),
      "10.11",
    );
    assert.deepEqual(lines, [
      "SHOP_MYSQL_URL: waiting up to 30 s for mysql://root:***@db:3306 (connect ECONNREFUSED)",
    ]);
  });

  it("logs it also while one attempt hangs", async () => {
    const lines: string[] = [];
    const probe = () => new Promise<string>((resolve) => setTimeout(resolve, 1_800, "10.11"));
    const log = (line: string) => lines.push(line);
    await untilAnswers("SHOP_MYSQL_URL", url, { probe, withinMs: 30_000, log });
    assert.match(lines[0] ?? "", /no answer yet/);
  });

  it("fails with the cause at the end of its time, and at once when the login is refused", async () => {
    const log = () => {};
    const options = { probe: () => Promise.reject(refused), withinMs: 10, log };
    await assert.rejects(untilAnswers("SHOP_MYSQL_URL", url, options), {
      message: "SHOP_MYSQL_URL: mysql://root:***@db:3306 does not answer (connect ECONNREFUSED)",
    });
    const denied = Object.assign(new Error("Access denied"), { code: "ER_ACCESS_DENIED_ERROR" });
    const never = { probe: () => Promise.reject(denied), withinMs: 60_000, log };
    await assert.rejects(untilAnswers("SHOP_MYSQL_URL", url, never), /Access denied/);
  });
});

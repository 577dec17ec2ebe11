import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { openPasswordHashes, type PasswordHashes } from "./password-hashes.ts";

describe("password hashes", () => {
  let hashes: PasswordHashes;
  before(async () => {
    hashes = await openPasswordHashes({ inFlight: 2, waiting: 4 });
  });

  it("hashes with argon2id at OWASP's parameters, each time with another salt", async () => {
    const [one, other] = await Promise.all([hashes.hash("password"), hashes.hash("password")]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.notEqual(one, other);
  });

  it("matches the password that was hashed and no other", async () => {
    const passwordHash = await hashes.hash("password");
    assert.equal(await hashes.matches(passwordHash, "password"), true);
    assert.equal(await hashes.matches(passwordHash, "Password"), false);
  });

  it("matches nothing where there is no hash, and takes as long", async () => {
    const passwordHash = await hashes.hash("password");
    assert.equal(await hashes.matches(undefined, "password"), false);
    const time = async (stored: string | undefined) => {
      const times: number[] = [];
      for (let run = 0; run < 9; run += 1) {
        const start = performance.now();
        await hashes.matches(stored, "wrong password");
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[4] ?? 0;
    };
    const ratio = (await time(undefined)) / (await time(passwordHash));
    assert.ok(ratio > 0.5 && ratio < 2, `one takes ${ratio} times as long as the other`);
  });

  it("refuses at once what would wait behind a full queue, and does all the rest", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => hashes.matches(undefined, "password")),
    );
    const done = results.filter(({ status }) => status === "fulfilled").length;
    assert.ok(done >= 4 && done <= 6, `${done} were done`);
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      assert.ok(result.reason instanceof Refusal);
      assert.equal(result.reason.reason, Reason.RATE_LIMITED);
    }
    assert.equal(await hashes.matches(undefined, "password"), false);
  });
});

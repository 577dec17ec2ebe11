import assert from "node:assert/strict";
import * as argon2 from "@node-rs/argon2";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { openPasswordHashes, type PasswordHashes } from "./password-hashes.ts";

/** What the work of a hash depends on. */
function workOf(hash: string) {
  const [, variant, version, parameters, salt, digest] = hash.split("$");
  return { variant, version, parameters, salt: salt?.length, digest: digest?.length };
}

describe("password hashes", () => {
  let hashes: PasswordHashes;
  before(async () => {
    hashes = await openPasswordHashes({ inFlight: 2, waiting: 4 });
  });

  it("hashes with argon2id and OWASP's parameters, each time with a new salt", async () => {
    const [one, other] = await Promise.all([hashes.hash("password"), hashes.hash("password")]);
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.notEqual(one, other);
  });

  it("matches the password that was hashed and no other", async () => {
    const passwordHash = await hashes.hash("password");
    assert.equal(await hashes.matches(passwordHash, "password"), true);
    assert.equal(await hashes.matches(passwordHash, "Password"), false);
  });

  it("matches nothing without a hash, and does the same work", async () => {
    const verified: string[] = [];
    const watched = await openPasswordHashes(undefined, {
      hash: argon2.hash,
      verify: (stored, password) => {
        verified.push(String(stored));
        return argon2.verify(stored, password);
      },
    });
    assert.equal(await watched.matches(undefined, "password"), false);
    assert.equal(await watched.matches(await hashes.hash("password"), "wrong"), false);
    const [without, withHash] = verified.map(workOf);
    assert.ok(without);
    assert.deepEqual(without, withHash);
  });

  it("refuses at once if the queue is full, and does all other work", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => hashes.matches(undefined, "password")),
    );
    const done = results.filter(({ status }) => status === "fulfilled").length;
    assert.ok(done >= 4 && done <= 6, `${done} were accepted`);
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      assert.ok(result.reason instanceof Refusal);
      assert.equal(result.reason.reason, Reason.RATE_LIMITED);
    }
    assert.equal(await hashes.matches(undefined, "password"), false);
  });
});

import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  checkRefreshToken,
  isLive,
  judgeRefresh,
  type Session,
  sessionsToEnd,
  type Verdict,
} from "./session.ts";

const REPEAT_MS = 30_000;
const ROTATED_MS = 1_000_000;
const EXPIRES_MS = 9_000_000;

const session = (changes: Partial<Session> = {}): Session => ({
  sessionId: 7n,
  userId: 1n,
  generation: 5n,
  rotatedTime: new Date(ROTATED_MS),
  expireTime: new Date(EXPIRES_MS),
  endedTime: undefined,
  ...changes,
});
const judge = (generation: bigint, nowMs: number, changes?: Partial<Session>) =>
  judgeRefresh(session(changes), { generation, now: new Date(nowMs), repeatMs: REPEAT_MS });

describe("a presented refresh token", () => {
  const soon = ROTATED_MS + REPEAT_MS;
  const table: [what: string, generation: bigint, nowMs: number, wanted: Verdict][] = [
    ["of the present generation moves on at once", 5n, ROTATED_MS, "rotate"],
    ["of the present generation moves on long after", 5n, EXPIRES_MS - 1, "rotate"],
    ["of the one before gets its answer again", 4n, ROTATED_MS, "repeat"],
    ["of the one before gets its answer again until 30 s have passed", 4n, soon, "repeat"],
    ["of the one before is stolen after 30 s", 4n, soon + 1, "theft"],
    // The reader's clock started before the rotation that it waited for was written.
    ["of the one before gets its answer where its call began earlier", 4n, 1, "repeat"],
    ["of an older one is stolen", 3n, ROTATED_MS, "theft"],
    ["of the first one is stolen", 1n, ROTATED_MS, "theft"],
    ["of one that was never given is stolen", 6n, ROTATED_MS, "theft"],
    ["is dead from the second at which the session expires", 5n, EXPIRES_MS, "dead"],
    ["of the one before is dead, too, then", 4n, EXPIRES_MS, "dead"],
    ["of an old one is dead, too, then", 1n, EXPIRES_MS, "dead"],
  ];
  for (const [what, generation, nowMs, wanted] of table) {
    it(what, () => assert.equal(judge(generation, nowMs), wanted));
  }

  it("is dead, whatever its generation, where the session was ended", () => {
    for (const generation of [1n, 4n, 5n, 6n]) {
      assert.equal(judge(generation, ROTATED_MS, { endedTime: new Date(ROTATED_MS) }), "dead");
    }
  });

  it("has no generation before the first", () => {
    assert.equal(judge(1n, ROTATED_MS, { generation: 1n }), "rotate");
    assert.equal(judge(0n, soon + 1, { generation: 1n }), "theft");
  });

  it("is looked at only where it is a short text", () => {
    const malformed = (error: unknown) =>
      error instanceof Refusal &&
      error.reason === Reason.INVALID_ARGUMENT &&
      error.violations[0]?.field === "refresh_token";
    for (const bad of ["", " ", "x".repeat(9), "a\0"]) {
      assert.throws(() => checkRefreshToken(bad, 8), malformed);
    }
    checkRefreshToken("x".repeat(8), 8);
  });
});

describe("a session", () => {
  it("lives until it expires or is ended", () => {
    assert.equal(isLive(session(), new Date(EXPIRES_MS - 1)), true);
    assert.equal(isLive(session(), new Date(EXPIRES_MS)), false);
    assert.equal(isLive(session({ endedTime: new Date(0) }), new Date(ROTATED_MS)), false);
  });

  it("makes room for a new one only where there are too many, the oldest first", () => {
    assert.deepEqual(sessionsToEnd([], 3), []);
    assert.deepEqual(sessionsToEnd([1n, 2n], 3), []);
    assert.deepEqual(sessionsToEnd([1n, 2n, 3n], 3), [1n]);
    assert.deepEqual(sessionsToEnd([1n, 2n, 3n, 4n, 5n], 3), [1n, 2n, 3n]);
  });
});

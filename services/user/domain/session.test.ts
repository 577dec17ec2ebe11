import assert from "node:assert/strict";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  checkRefreshToken,
  decideRefresh,
  isLive,
  type RefreshDecision,
  type Session,
  sessionsToEnd,
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
  endedTime: null,
  ...changes,
});
const decide = (generation: bigint, nowMs: number, changes?: Partial<Session>) =>
  decideRefresh(session(changes), { generation, now: new Date(nowMs), repeatMs: REPEAT_MS });

describe("a presented refresh token", () => {
  const soon = ROTATED_MS + REPEAT_MS;
  const table: [what: string, generation: bigint, nowMs: number, wanted: RefreshDecision][] = [
    ["of the current generation rotates at once", 5n, ROTATED_MS, "rotate"],
    ["of the current generation rotates until the session expires", 5n, EXPIRES_MS - 1, "rotate"],
    ["of the previous generation gets its answer again", 4n, ROTATED_MS, "repeat"],
    ["of the previous generation gets its answer again for 30 s", 4n, soon, "repeat"],
    ["of the previous generation counts as stolen after 30 s", 4n, soon + 1, "theft"],
    // The call read the clock before the rotation that it waited for was written.
    [
      "of the previous generation gets its answer if its call began before the rotation",
      4n,
      1,
      "repeat",
    ],
    ["of an older generation counts as stolen", 3n, ROTATED_MS, "theft"],
    ["of the first generation counts as stolen", 1n, ROTATED_MS, "theft"],
    ["of a generation that was never issued counts as stolen", 6n, ROTATED_MS, "theft"],
    ["is dead from the moment at which the session expires", 5n, EXPIRES_MS, "dead"],
    ["of the previous generation is dead once the session has expired", 4n, EXPIRES_MS, "dead"],
    ["of an older generation is dead once the session has expired", 1n, EXPIRES_MS, "dead"],
  ];
  for (const [what, generation, nowMs, wanted] of table) {
    it(what, () => assert.equal(decide(generation, nowMs), wanted));
  }

  it("is dead in any generation once the session has ended", () => {
    for (const generation of [1n, 4n, 5n, 6n]) {
      assert.equal(decide(generation, ROTATED_MS, { endedTime: new Date(ROTATED_MS) }), "dead");
    }
  });

  it("has no generation before the first", () => {
    assert.equal(decide(1n, ROTATED_MS, { generation: 1n }), "rotate");
    assert.equal(decide(0n, soon + 1, { generation: 1n }), "theft");
  });

  it("must be a short text", () => {
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
  it("is live until it expires or ends", () => {
    assert.equal(isLive(session(), new Date(EXPIRES_MS - 1)), true);
    assert.equal(isLive(session(), new Date(EXPIRES_MS)), false);
    assert.equal(isLive(session({ endedTime: new Date(0) }), new Date(ROTATED_MS)), false);
  });

  it("makes room for a new one if there are too many, oldest first", () => {
    assert.deepEqual(sessionsToEnd([], 3), []);
    assert.deepEqual(sessionsToEnd([1n, 2n], 3), []);
    assert.deepEqual(sessionsToEnd([1n, 2n, 3n], 3), [1n]);
    assert.deepEqual(sessionsToEnd([1n, 2n, 3n, 4n, 5n], 3), [1n, 2n, 3n]);
  });
});

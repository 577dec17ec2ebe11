import assert from "node:assert/strict";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Outage, Reason } from "#platform/values/refusal.ts";
import { outcome, refused } from "../../../testbed/calls/refused.ts";
import type { Replica } from "../../../testbed/shop/replica.ts";
import { reasonOf, startUserService, type UserUnderTest, uniqueName } from "./user-service.ts";

type Anyone = UserUnderTest["anyone"];

const DAY_MS = 24 * 3_600_000;
const DEAD = Reason.UNAUTHENTICATED;
const MAX_SESSIONS = 20;

describe("sessions", function () {
  this.timeout(60_000);
  let shop: UserUnderTest;
  let replica: Replica;
  before(async () => {
    shop = await startUserService();
    replica = await shop.replica();
  });
  after(async () => {
    await replica?.stop();
    await shop?.stop();
  });

  const newName = async () => {
    const userName = uniqueName();
    await shop.anyone.register({ userName, password: "password" });
    return userName;
  };
  const login = (userName: string, at: Anyone = shop.anyone) =>
    at.login({ userName, password: "password" });
  const signIn = async () => login(await newName());
  const refresh = (refreshToken: string, at: Anyone = shop.anyone) =>
    at.refreshSession({ refreshToken });
  /** The refresh token after this one. */
  const next = async (refreshToken: string) => (await refresh(refreshToken)).refreshToken;
  const logout = (refreshToken: string) => shop.anyone.logout({ refreshToken });
  const idOf = (refreshToken: string) => BigInt(refreshToken.split(".")[1] ?? "");
  const rowOf = async (refreshToken: string) => {
    const found = "select * from sessions where session_id = ?";
    const [row] = await shop.select(found, [idOf(refreshToken)]);
    return row ?? assert.fail("has no row");
  };
  const change = (refreshToken: string, assignments: string) =>
    shop.select(`update sessions set ${assignments} where session_id = ?`, [idOf(refreshToken)]);

  describe("from the login on", () => {
    it("last 30 days, and keep no secret in the database", async () => {
      const { user, refreshToken, refreshExpireTime } = await signIn();
      assert.ok(refreshExpireTime && refreshToken.length <= 128);
      const days = (timestampDate(refreshExpireTime).getTime() - Date.now()) / DAY_MS;
      assert.ok(days > 29.99 && days <= 30, `${days} days`);
      const { rotated_time, expire_time, ...row } = await rowOf(refreshToken);
      assert.ok(rotated_time && expire_time);
      assert.deepEqual(row, {
        session_id: idOf(refreshToken),
        user_id: user?.userId,
        generation: 1n,
        ended_time: null,
      });
    });

    it("give the next token for each, and the same end", async () => {
      const { user, refreshToken, refreshExpireTime } = await signIn();
      const seen = new Set([refreshToken]);
      let token = refreshToken;
      for (let round = 0; round < 3; round += 1) {
        const answer = await refresh(token);
        assert.deepEqual(answer.refreshExpireTime, refreshExpireTime);
        assert.deepEqual((await shop.bearer(answer.accessToken).getUser({})).user, user);
        assert.ok(answer.expireTime);
        const seconds = (timestampDate(answer.expireTime).getTime() - Date.now()) / 1_000;
        assert.ok(seconds > 880 && seconds <= 900, `${seconds} s`);
        token = answer.refreshToken;
        seen.add(token);
      }
      assert.equal(seen.size, 4);
    });

    it("are 20 of a user at most, however many log in at once: the oldest end", async () => {
      const userName = await newName();
      const first = await login(userName);
      const others = await Promise.all(
        Array.from({ length: MAX_SESSIONS + 12 }, (_, index) =>
          login(userName, index % 2 === 0 ? shop.anyone : replica.anonymous.user),
        ),
      );
      assert.equal(await reasonOf(refresh(first.refreshToken)), DEAD);
      const outcomes = await Promise.all(
        others.map(({ refreshToken }) => outcome(refresh(refreshToken))),
      );
      assert.equal(outcomes.filter((name) => name === "ok").length, MAX_SESSIONS);
      assert.equal(outcomes.filter((name) => name === "UNAUTHENTICATED").length, 12);
    });

    it("leave no row behind: a login removes what has ended or expired of its user", async () => {
      const userName = await newName();
      const [ended, expired, live] = [
        await login(userName),
        await login(userName),
        await login(userName),
      ];
      const stranger = await signIn();
      await logout(ended.refreshToken);
      for (const { refreshToken } of [expired, stranger]) {
        await change(refreshToken, "expire_time = now(3) - interval 1 second");
      }
      const fresh = await login(userName);
      const rows = await shop.select("select session_id from sessions where user_id = ?", [
        fresh.user?.userId,
      ]);
      assert.deepEqual(
        rows.map(({ session_id }) => session_id).sort(),
        [live, fresh].map(({ refreshToken }) => idOf(refreshToken)).sort(),
      );
      await rowOf(stranger.refreshToken);
    });
  });

  describe("that are refreshed again", () => {
    it("answer the same successor within 30 seconds", async () => {
      const { refreshToken } = await signIn();
      const successor = await next(refreshToken);
      assert.equal(await next(refreshToken), successor);
      await change(refreshToken, "rotated_time = rotated_time - interval 20 second");
      assert.equal(await next(refreshToken), successor);
      assert.notEqual(await next(successor), successor);
    });

    it("end when it is done later: one of the two who hold the token has stolen it", async () => {
      const { refreshToken } = await signIn();
      const successor = await next(refreshToken);
      await change(refreshToken, "rotated_time = now(3) - interval 31 second");
      assert.equal(await reasonOf(refresh(refreshToken)), DEAD);
      assert.ok((await rowOf(refreshToken)).ended_time);
      assert.equal(await reasonOf(refresh(successor)), DEAD);
    });

    it("end at once when it is done with a still older token, and no other session does", async () => {
      const userName = await newName();
      const [stolen, other] = [await login(userName), await login(userName)];
      const latest = await next(await next(stolen.refreshToken));
      assert.equal(await reasonOf(refresh(stolen.refreshToken)), DEAD);
      assert.equal(await reasonOf(refresh(latest)), DEAD);
      await refresh(other.refreshToken);
    });

    it("move on once for 50 calls at the same moment at two replicas", async () => {
      const { refreshToken } = await signIn();
      const successors = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          refresh(refreshToken, index % 2 === 0 ? shop.anyone : replica.anonymous.user),
        ),
      );
      assert.equal(new Set(successors.map((answer) => answer.refreshToken)).size, 1);
      assert.equal((await rowOf(refreshToken)).generation, 2n);
      const [successor] = successors;
      await refresh(successor?.refreshToken ?? "", replica.anonymous.user);
      assert.equal((await rowOf(refreshToken)).generation, 3n);
    });
  });

  describe("that are logged out from", () => {
    it("end, once and for all, and only they", async () => {
      const userName = await newName();
      const [one, other] = [await login(userName), await login(userName)];
      await logout(one.refreshToken);
      const { ended_time } = await rowOf(one.refreshToken);
      assert.ok(ended_time);
      await logout(one.refreshToken);
      assert.deepEqual((await rowOf(one.refreshToken)).ended_time, ended_time);
      assert.equal(await reasonOf(refresh(one.refreshToken)), DEAD);
      await refresh(other.refreshToken);
      // As the contract says: what was given lives its minutes.
      await shop.bearer(one.accessToken).getUser({});
    });

    it("end by an old token as well", async () => {
      const { refreshToken } = await signIn();
      const latest = await next(await next(refreshToken));
      await logout(refreshToken);
      assert.equal(await reasonOf(refresh(latest)), DEAD);
    });

    it("stay ended, whatever refreshes them at the same moment", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { refreshToken } = await signIn();
        const [answer] = await Promise.allSettled([
          refresh(refreshToken, replica.anonymous.user),
          logout(refreshToken),
        ]);
        const token = answer.status === "fulfilled" ? answer.value.refreshToken : refreshToken;
        assert.equal(await reasonOf(refresh(token)), DEAD);
      }
    });
  });

  describe("that there are not", () => {
    it("are refused alike, forged, unknown, ended or expired, and logged out from alike", async () => {
      const [mine, others, ended, expired, gone] = [
        await signIn(),
        await signIn(),
        await signIn(),
        await signIn(),
        await signIn(),
      ].map(({ refreshToken }) => refreshToken) as [string, string, string, string, string];
      await logout(ended);
      const successor = await next(expired);
      await change(expired, "expire_time = now(3)");
      await shop.select("delete from sessions where session_id = ?", [idOf(gone)]);
      const [, id, , mac] = mine.split(".");
      const { accessToken } = await signIn();
      const rows = () => shop.select("select * from sessions order by session_id");
      const before = await rows();
      const bad = {
        "of an ended session": ended,
        "of an expired session": expired,
        "of an expired session, the last one": successor,
        "of a session without a row": gone,
        "for the next generation": `v1.${id}.2.${mac}`,
        "for another's session": `v1.${idOf(others)}.1.${mac}`,
        "with a changed mac": mine.replace(/.$/, (last) => (last === "A" ? "E" : "A")),
        "without a mac": `v1.${id}.1`,
        "cut off": mine.slice(0, -1),
        "an access token's beginning": accessToken.slice(0, 128),
        garbage: "null",
      };
      for (const [what, token] of Object.entries(bad)) {
        const refusal = await refused(refresh(token), DEAD);
        const told = [refusal.message, { ...refusal.metadata }, refusal.violations];
        assert.deepEqual(told, ["UNAUTHENTICATED", {}, []], what);
        await logout(token);
        // Logging out from an expired session may mark it, and nobody can tell.
        await change(expired, "ended_time = null");
        assert.deepEqual(await rows(), before, what);
      }
      await refresh(mine);
      await refresh(others);
    });

    it("are malformed where there is no token at all, or more than one can be", async () => {
      for (const token of ["", "   ", "x".repeat(129), "v1\0"]) {
        assert.equal(await reasonOf(refresh(token)), Reason.INVALID_ARGUMENT);
        assert.equal(await reasonOf(logout(token)), Reason.INVALID_ARGUMENT);
      }
    });

    it("are none for an access token, nor is a refresh token one", async () => {
      const { accessToken, refreshToken } = await signIn();
      assert.equal(await reasonOf(refresh(accessToken)), Reason.INVALID_ARGUMENT);
      assert.equal(await reasonOf(shop.bearer(refreshToken).getUser({})), DEAD);
    });
  });

  describe("whose answer is lost", () => {
    for (const moment of ["commit.before", "commit.after"]) {
      it(`go on with the same token where the service dies at ${moment}`, async () => {
        const { refreshToken } = await signIn();
        await shop.restart({ SHOP_FAILPOINT: `${moment}:refresh-session:1:kill` });
        const [answer] = await Promise.allSettled([refresh(refreshToken)]);
        assert.ok(answer.status === "rejected" && answer.reason instanceof Outage);
        assert.equal(await shop.ended(), "SIGKILL");
        await shop.restart({});
        const wanted = moment === "commit.after" ? 2n : 1n;
        assert.equal((await rowOf(refreshToken)).generation, wanted);
        const successor = await next(refreshToken);
        assert.equal((await rowOf(refreshToken)).generation, 2n);
        assert.equal(await next(refreshToken), successor);
        await next(successor);
      });
    }
  });
});

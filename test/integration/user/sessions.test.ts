import assert from "node:assert/strict";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Outage, Reason } from "#platform/values/refusal.ts";
import { outcome, refused } from "../../../testbed/calls/refused.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import type { Replica } from "../../../testbed/shop/replica.ts";
import { invalid, times } from "../participant.ts";
import { startUser, type UserUnderTest } from "./user-service.ts";

type Anyone = UserUnderTest["anyone"];

const DAY_MS = 24 * 3_600_000;
const DEAD = Reason.UNAUTHENTICATED;
const MAX_SESSIONS = 20;

describe("sessions", function () {
  this.timeout(60_000);
  let service: UserUnderTest;
  let replica: Replica;
  before(async () => {
    service = await startUser();
    replica = await service.replica();
  });
  after(async () => {
    await replica?.stop();
    await service?.stop();
  });

  const newName = async () => {
    const userName = newKey();
    await service.anyone.register({ userName, password: "password" });
    return userName;
  };
  const login = (userName: string, at: Anyone = service.anyone) =>
    at.login({ userName, password: "password" });
  const signIn = async () => login(await newName());
  const refresh = (refreshToken: string, at: Anyone = service.anyone) =>
    at.refreshSession({ refreshToken });
  /** The refresh token after this one. */
  const next = async (refreshToken: string) => (await refresh(refreshToken)).refreshToken;
  const logout = (refreshToken: string) => service.anyone.logout({ refreshToken });
  const idOf = (refreshToken: string) => BigInt(refreshToken.split(".")[1] ?? "");
  const rowOf = async (refreshToken: string) => {
    const found = "select * from sessions where session_id = ?";
    const [row] = await service.sql(found, [idOf(refreshToken)]);
    return row ?? assert.fail("has no row");
  };
  const change = (refreshToken: string, assignments: string) =>
    service.sql(`update sessions set ${assignments} where session_id = ?`, [idOf(refreshToken)]);

  describe("after the login", () => {
    it("last 30 days, and store no secret", async () => {
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

    it("return a new token at each refresh, and keep their expiry", async () => {
      const { user, refreshToken, refreshExpireTime } = await signIn();
      const seen = new Set([refreshToken]);
      let token = refreshToken;
      for (let round = 0; round < 3; round += 1) {
        const answer = await refresh(token);
        assert.deepEqual(answer.refreshExpireTime, refreshExpireTime);
        assert.deepEqual((await service.bearer(answer.accessToken).getUser({})).user, user);
        assert.ok(answer.expireTime);
        const seconds = (timestampDate(answer.expireTime).getTime() - Date.now()) / 1_000;
        assert.ok(seconds > 880 && seconds <= 900, `${seconds} s`);
        token = answer.refreshToken;
        seen.add(token);
      }
      assert.equal(seen.size, 4);
    });

    it("are limited to 20 for each user, and the oldest end", async () => {
      const userName = await newName();
      const first = await login(userName);
      const others = await times(MAX_SESSIONS + 12, (index) =>
        login(userName, index % 2 === 0 ? service.anyone : replica.anonymous.user),
      );
      await refused(refresh(first.refreshToken), DEAD);
      const outcomes = await Promise.all(
        others.map(({ refreshToken }) => outcome(refresh(refreshToken))),
      );
      assert.equal(outcomes.filter((name) => name === "ok").length, MAX_SESSIONS);
      assert.equal(outcomes.filter((name) => name === "UNAUTHENTICATED").length, 12);
    });

    it("are deleted by the next login of their user once they have ended or expired", async () => {
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
      const rows = await service.sql("select session_id from sessions where user_id = ?", [
        fresh.user?.userId,
      ]);
      assert.deepEqual(
        rows.map(({ session_id }) => session_id).sort(),
        [live, fresh].map(({ refreshToken }) => idOf(refreshToken)).sort(),
      );
      await rowOf(stranger.refreshToken);
    });
  });

  describe("with a used refresh token", () => {
    it("repeat the same successor within 30 seconds", async () => {
      const { refreshToken } = await signIn();
      const successor = await next(refreshToken);
      assert.equal(await next(refreshToken), successor);
      await change(refreshToken, "rotated_time = rotated_time - interval 20 second");
      assert.equal(await next(refreshToken), successor);
      assert.notEqual(await next(successor), successor);
    });

    it("end if the previous token is used after 30 seconds", async () => {
      const { refreshToken } = await signIn();
      const successor = await next(refreshToken);
      await change(refreshToken, "rotated_time = now(3) - interval 31 second");
      await refused(refresh(refreshToken), DEAD);
      assert.ok((await rowOf(refreshToken)).ended_time);
      await refused(refresh(successor), DEAD);
    });

    it("end at once if an older token is used, and no other session ends", async () => {
      const userName = await newName();
      const [stolen, other] = [await login(userName), await login(userName)];
      const latest = await next(await next(stolen.refreshToken));
      await refused(refresh(stolen.refreshToken), DEAD);
      await refused(refresh(latest), DEAD);
      await refresh(other.refreshToken);
    });

    it("rotate once for 50 concurrent calls at two replicas", async () => {
      const { refreshToken } = await signIn();
      const successors = await times(50, (index) =>
        refresh(refreshToken, index % 2 === 0 ? service.anyone : replica.anonymous.user),
      );
      assert.equal(new Set(successors.map((answer) => answer.refreshToken)).size, 1);
      assert.equal((await rowOf(refreshToken)).generation, 2n);
      const [successor] = successors;
      await refresh(successor?.refreshToken ?? "", replica.anonymous.user);
      assert.equal((await rowOf(refreshToken)).generation, 3n);
    });
  });

  describe("after a logout", () => {
    it("end for good, and no other session ends", async () => {
      const userName = await newName();
      const [one, other] = [await login(userName), await login(userName)];
      await logout(one.refreshToken);
      const { ended_time } = await rowOf(one.refreshToken);
      assert.ok(ended_time);
      await logout(one.refreshToken);
      assert.deepEqual((await rowOf(one.refreshToken)).ended_time, ended_time);
      await refused(refresh(one.refreshToken), DEAD);
      await refresh(other.refreshToken);
      // The contract promises that issued access tokens stay valid until they expire.
      await service.bearer(one.accessToken).getUser({});
    });

    it("end with an old token, too", async () => {
      const { refreshToken } = await signIn();
      const latest = await next(await next(refreshToken));
      await logout(refreshToken);
      await refused(refresh(latest), DEAD);
    });

    it("stay ended if a refresh is concurrent", async () => {
      for (let round = 0; round < 10; round += 1) {
        const { refreshToken } = await signIn();
        const [answer] = await Promise.allSettled([
          refresh(refreshToken, replica.anonymous.user),
          logout(refreshToken),
        ]);
        const token = answer.status === "fulfilled" ? answer.value.refreshToken : refreshToken;
        await refused(refresh(token), DEAD);
      }
    });
  });

  describe("that do not exist", () => {
    it("get the same answers, whether forged, unknown, ended or expired", async () => {
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
      await service.sql("delete from sessions where session_id = ?", [idOf(gone)]);
      const [, id, , mac] = mine.split(".");
      const { accessToken } = await signIn();
      const rows = () => service.sql("select * from sessions order by session_id");
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
        const shown = [refusal.message, { ...refusal.metadata }, refusal.violations];
        assert.deepEqual(shown, ["UNAUTHENTICATED", {}, []], what);
        await logout(token);
        // Logging out may mark an expired session as ended, which no caller can observe.
        await change(expired, "ended_time = null");
        assert.deepEqual(await rows(), before, what);
      }
      await refresh(mine);
      await refresh(others);
    });

    it("are refused as malformed without a token, or with one that is too long", async () => {
      for (const token of ["", "   ", "x".repeat(129), "v1\0"]) {
        await invalid(refresh(token));
        await invalid(logout(token));
      }
    });

    it("do not accept access tokens, and refresh tokens authenticate no call", async () => {
      const { accessToken, refreshToken } = await signIn();
      await invalid(refresh(accessToken));
      await refused(service.bearer(refreshToken).getUser({}), DEAD);
    });
  });

  describe("with a lost answer", () => {
    for (const moment of ["commit.before", "commit.after"]) {
      it(`continue with the same token if the service is killed at ${moment}`, async () => {
        const { refreshToken } = await signIn();
        const refreshed = () => refresh(refreshToken);
        const answer = await service.killedAt(`${moment}:refresh-session`, refreshed);
        assert.ok(answer?.status === "rejected" && answer.reason instanceof Outage);
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

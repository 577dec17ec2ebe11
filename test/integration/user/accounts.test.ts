import assert from "node:assert/strict";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  newId,
  reasonOf,
  startUserService,
  type UserUnderTest,
  uniqueName,
} from "./user-service.ts";

describe("accounts", function () {
  this.timeout(60_000);
  let shop: UserUnderTest;
  before(async () => {
    shop = await startUserService();
  });
  after(() => shop.stop());

  const register = (userName: string, password = "password", mobile = "") =>
    shop.anyone.register({ userName, password, mobile });
  const login = (userName: string, password = "password") =>
    shop.anyone.login({ userName, password });

  describe("registering", () => {
    it("makes a user with an empty balance and no points, and the name as it was entered", async () => {
      const userName = `Ada ${newId()}`;
      const before = Date.now();
      const { user } = await register(userName, "password", "+49 171 1234-567");
      assert.ok(user && user.userId > 0n && user.registerTime);
      assert.equal(user.userName, userName);
      assert.equal(user.mobile, "+49 171 1234-567");
      assert.deepEqual([user.balanceCents, user.points], [0n, 0n]);
      assert.ok(Math.abs(timestampDate(user.registerTime).getTime() - before) < 10_000);
      const known = await shop.admin.getUser({ userId: user.userId });
      assert.deepEqual(known.user, user);
    });

    it("takes a name once, whatever its case, width or composition", async () => {
      const id = newId();
      await register(`René ${id}`);
      for (const twin of [`René ${id}`, `RENÉ ${id}`, `rene\u0301 ${id}`, `ｒené ${id}`]) {
        assert.equal(await reasonOf(register(twin)), Reason.USER_NAME_TAKEN);
      }
      for (const twin of [`René ${id} `, ` René ${id}`, `René ${id}\u00a0`]) {
        assert.equal(await reasonOf(register(twin)), Reason.INVALID_ARGUMENT);
      }
      await register(`Rene ${id}`);
    });

    it("gives a name to one of those who want it at the same moment", async () => {
      const userName = uniqueName();
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () =>
          register(userName).then(
            () => "registered",
            (error: unknown) => error instanceof Refusal && error.reason,
          ),
        ),
      );
      assert.equal(outcomes.filter((outcome) => outcome === "registered").length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === Reason.USER_NAME_TAKEN).length, 9);
    });

    it("refuses malformed names, passwords and numbers", async () => {
      for (const bad of [
        register(""),
        register("ab"),
        register("x".repeat(65)),
        register("ada\0"),
        register("ada😀"),
        register(uniqueName(), "1234567"),
        register(uniqueName(), "x".repeat(129)),
        register(uniqueName(), "12345678\0"),
        register(uniqueName(), "password", "call me"),
      ]) {
        assert.equal(await reasonOf(bad), Reason.INVALID_ARGUMENT);
      }
    });

    it("keeps no password, only its argon2id hash", async () => {
      const userName = uniqueName();
      await register(userName, "a password that nobody else has");
      const [row] = await shop.select("select * from users where user_name = ?", [userName]);
      assert.match(String(row?.password_hash), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      assert.ok(
        !Object.values(row ?? {})
          .join()
          .includes("nobody else"),
      );
    });
  });

  describe("logging in", () => {
    it("answers a token that names the user, for 15 minutes", async () => {
      const userName = uniqueName();
      const { user } = await register(userName);
      const answer = await login(userName.toUpperCase());
      assert.deepEqual(answer.user, user);
      const me = shop.bearer(answer.accessToken);
      assert.deepEqual((await me.getUser({})).user, user);
      assert.ok(answer.expireTime);
      const seconds = (timestampDate(answer.expireTime).getTime() - Date.now()) / 1_000;
      assert.ok(seconds > 880 && seconds <= 900, `${seconds} s`);
    });

    it("answers a wrong password and an unknown name in the same words", async () => {
      const userName = uniqueName();
      await register(userName);
      const refusals = await Promise.all(
        [login(userName, "wrong password"), login(uniqueName()), login("x", "y")].map((call) =>
          call.then(
            () => assert.fail("logged in"),
            (error: unknown) => error,
          ),
        ),
      );
      for (const refusal of refusals) {
        assert.ok(refusal instanceof Refusal);
        assert.equal(refusal.reason, Reason.UNAUTHENTICATED);
        assert.equal(refusal.message, (refusals[0] as Refusal).message);
        assert.deepEqual({ ...refusal.metadata }, {});
      }
    });

    it("makes a name wait after 20 failures, and nobody else", async () => {
      const [userName, other] = [uniqueName(), uniqueName()];
      await register(userName);
      await register(other);
      for (let round = 0; round < 20; round += 1) {
        assert.equal(await reasonOf(login(userName, "wrong password")), Reason.UNAUTHENTICATED);
        await login(other);
      }
      assert.equal(await reasonOf(login(userName, "wrong password")), Reason.RATE_LIMITED);
      assert.equal(await reasonOf(login(userName.toUpperCase())), Reason.RATE_LIMITED);
      await login(other);
    });

    it("hashes a bounded number at once: a burst is refused in part, at once, and nobody is locked out", async () => {
      const names = Array.from({ length: 5 }, uniqueName);
      for (const name of names) await register(name);
      const tries = Array.from({ length: 200 }, (_, index) => names[index % 5] as string);
      const outcomes = await Promise.all(
        tries.map((name) =>
          login(name).then(
            () => "in",
            (error: unknown) => error instanceof Refusal && error.reason,
          ),
        ),
      );
      const admitted = outcomes.filter((outcome) => outcome === "in").length;
      const limited = outcomes.filter((outcome) => outcome === Reason.RATE_LIMITED).length;
      assert.equal(admitted + limited, 200);
      assert.ok(admitted > 0 && limited > 0, `${admitted} in, ${limited} refused`);
      for (const name of names) await login(name);
    });

    it("refuses what is too long to hash or empty", async () => {
      for (const bad of [
        login("", "password"),
        login(uniqueName(), ""),
        login(uniqueName(), "x".repeat(129)),
        login("x".repeat(65)),
      ]) {
        assert.equal(await reasonOf(bad), Reason.INVALID_ARGUMENT);
      }
    });
  });

  describe("who may see what", () => {
    it("shows users themselves, by 0 or by their id, and hides all others like missing ones", async () => {
      const [userId, other] = [await shop.newUser(5n), await shop.newUser(7n)];
      const me = shop.as(userId);
      for (const asked of [0n, userId]) {
        assert.equal((await me.getUser({ userId: asked })).user?.balanceCents, 5n);
        assert.equal((await me.listBalanceLog({ userId: asked })).entries.length, 1);
        assert.equal((await me.listPointLog({ userId: asked })).entries.length, 0);
      }
      for (const asked of [other, newId()]) {
        for (const call of [
          me.getUser({ userId: asked }),
          me.listBalanceLog({ userId: asked }),
          me.listPointLog({ userId: asked }),
        ]) {
          assert.equal(await reasonOf(call), Reason.USER_NOT_FOUND);
        }
      }
    });

    it("wants an administrator to name a user that exists", async () => {
      for (const [userId, reason] of [
        [0n, Reason.INVALID_ARGUMENT],
        [-1n, Reason.INVALID_ARGUMENT],
        [newId(), Reason.USER_NOT_FOUND],
      ] as const) {
        assert.equal(await reasonOf(shop.admin.getUser({ userId })), reason);
        assert.equal(await reasonOf(shop.admin.listBalanceLog({ userId })), reason);
        assert.equal(await reasonOf(shop.admin.listPointLog({ userId })), reason);
      }
    });

    it("refuses pages that are too large and tokens that it did not give", async () => {
      const me = shop.as(await shop.newUser());
      for (const page of [
        { pageSize: -1 },
        { pageSize: 101 },
        { pageToken: "forged" },
        { pageToken: "AAAAAAAAAAA" },
      ]) {
        assert.equal(await reasonOf(me.listBalanceLog(page)), Reason.INVALID_ARGUMENT);
        assert.equal(await reasonOf(me.listPointLog(page)), Reason.INVALID_ARGUMENT);
      }
    });

    it("keeps money from those who may not touch it", async () => {
      const userId = await shop.newUser(5n);
      const me = shop.as(userId);
      const topUp = { requestId: uniqueName(), userId, amountCents: 1n };
      const deductions = [{ orderId: newId(), userId, amountCents: 1n }];
      assert.equal(await reasonOf(me.topUpBalance(topUp)), Reason.PERMISSION_DENIED);
      assert.equal(await reasonOf(shop.order.topUpBalance(topUp)), Reason.PERMISSION_DENIED);
      assert.equal(await reasonOf(me.deductBalance({ deductions })), Reason.PERMISSION_DENIED);
      assert.equal(
        await reasonOf(shop.admin.deductBalance({ deductions })),
        Reason.PERMISSION_DENIED,
      );
      assert.equal(await reasonOf(shop.anyone.getUser({ userId })), Reason.UNAUTHENTICATED);
    });
  });
});

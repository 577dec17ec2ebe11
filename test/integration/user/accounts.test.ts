import assert from "node:assert/strict";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Reason } from "#platform/values/refusal.ts";
import { outcome, refused } from "../../../testbed/calls/refused.ts";
import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { invalid, times } from "../participant.ts";
import { startUser, type UserUnderTest } from "./user-service.ts";

describe("accounts", function () {
  this.timeout(60_000);
  let service: UserUnderTest;
  before(async () => {
    service = await startUser({ SHOP_DEFAULT_COUNTRY: "DE" });
  });
  after(() => service?.stop());

  const register = (userName: string, password = "password", mobile = "") =>
    service.anyone.register({ userName, password, mobile });
  const login = (userName: string, password = "password") =>
    service.anyone.login({ userName, password });

  describe("registering", () => {
    it("creates a user with an empty balance, no points, and the name as entered", async () => {
      const userName = `Ada ${newId()}`;
      const before = Date.now();
      const { user } = await register(userName, "password", "+49 171 1234-567");
      assert.ok(user && user.userId > 0n && user.registerTime);
      assert.equal(user.userName, userName);
      assert.equal(user.mobile, "+49 171 1234-567");
      assert.deepEqual([user.balanceCents, user.points], [0n, 0n]);
      assert.ok(Math.abs(timestampDate(user.registerTime).getTime() - before) < 10_000);
      const known = await service.admin.getUser({ userId: user.userId });
      assert.deepEqual(known.user, user);
    });

    it("keeps a phone number as typed, and in E.164", async () => {
      for (const [typed, e164] of [
        ["(030) 123-4567 x885", "+49301234567"],
        ["０３０／１２３\u00a0４５６７", "+49301234567"],
        ["+۹۸ ۲۱ ۱۲۳۴ ۵۶۷۸", "+982112345678"],
        ["1-800-FLOWERS", ""],
        ["", ""],
      ] as const) {
        const { user } = await register(newKey(), "password", typed);
        assert.deepEqual([user?.mobile, user?.mobileE164], [typed, e164]);
      }
    });

    it("keeps names of 64 characters outside the basic plane, and composes others", async () => {
      const astral = "𠜎".repeat(44) + newId();
      const { user } = await register([...astral].slice(0, 64).join(""));
      assert.equal([...(user?.userName ?? "")].length, Math.min(64, [...astral].length));
      const id = newId();
      const decomposed = await register(`Rene\u0301 O’Brien ${id}`);
      assert.equal(decomposed.user?.userName, `Ren\u00e9 O’Brien ${id}`);
      await refused(register(`rené o'brien ${id}`), Reason.USER_NAME_TAKEN);
    });

    it("takes a name once, ignoring case, width and composition", async () => {
      const id = newId();
      await register(`René ${id}`);
      for (const twin of [`René ${id}`, `RENÉ ${id}`, `rene\u0301 ${id}`, `ｒené ${id}`]) {
        await refused(register(twin), Reason.USER_NAME_TAKEN);
      }
      for (const twin of [`René ${id} `, ` René ${id}`, `René ${id}\u00a0`]) {
        await invalid(register(twin));
      }
      await register(`Rene ${id}`);
    });

    it("gives a name to one of 10 concurrent registrations", async () => {
      const userName = newKey();
      const outcomes = await times(10, () => outcome(register(userName)));
      assert.equal(outcomes.filter((name) => name === "ok").length, 1);
      assert.equal(outcomes.filter((name) => name === "USER_NAME_TAKEN").length, 9);
    });

    it("refuses malformed names, passwords and mobile numbers", async () => {
      for (const bad of [
        register(""),
        register("ab"),
        register("x".repeat(65)),
        register("ada\0"),
        register("ada😀"),
        register(newKey(), "1234567"),
        register(newKey(), "x".repeat(129)),
        register(newKey(), "12345678\0"),
        register(newKey(), "password", "call me"),
      ]) {
        await invalid(bad);
      }
    });

    it("stores no password, only its argon2id hash", async () => {
      const userName = newKey();
      await register(userName, "a password that is easy to find");
      const [row] = await service.sql("select * from users where user_name = ?", [userName]);
      assert.match(String(row?.password_hash), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      assert.ok(
        !Object.values(row ?? {})
          .join()
          .includes("easy to find"),
      );
    });
  });

  describe("logging in", () => {
    it("returns a token of the user for 15 minutes", async () => {
      const userName = newKey();
      const { user } = await register(userName);
      const answer = await login(userName.toUpperCase());
      assert.deepEqual(answer.user, user);
      const me = service.bearer(answer.accessToken);
      assert.deepEqual((await me.getUser({})).user, user);
      assert.ok(answer.expireTime);
      const seconds = (timestampDate(answer.expireTime).getTime() - Date.now()) / 1_000;
      assert.ok(seconds > 880 && seconds <= 900, `${seconds} s`);
    });

    it("gives the same answer for a wrong password and an unknown name", async () => {
      const userName = newKey();
      await register(userName);
      const refusals = await Promise.all(
        [login(userName, "wrong password"), login(newKey()), login("x", "y")].map((call) =>
          refused(call, Reason.UNAUTHENTICATED),
        ),
      );
      for (const refusal of refusals) {
        assert.equal(refusal.message, refusals[0]?.message);
        assert.deepEqual({ ...refusal.metadata }, {});
      }
    });

    it("refuses a name after 20 failures, and no other name", async () => {
      const [userName, other] = [newKey(), newKey()];
      await register(userName);
      await register(other);
      for (let round = 0; round < 20; round += 1) {
        await refused(login(userName, "wrong password"), Reason.UNAUTHENTICATED);
        await login(other);
      }
      await refused(login(userName, "wrong password"), Reason.RATE_LIMITED);
      await refused(login(userName.toUpperCase()), Reason.RATE_LIMITED);
      await login(other);
    });

    it("refuses a part of a burst at once, and locks no name out", async () => {
      const names = Array.from({ length: 5 }, newKey);
      for (const name of names) await register(name);
      const outcomes = await times(200, (index) => outcome(login(names[index % 5] as string)));
      const admitted = outcomes.filter((name) => name === "ok").length;
      const limited = outcomes.filter((name) => name === "RATE_LIMITED").length;
      assert.equal(admitted + limited, 200);
      assert.ok(admitted > 0 && limited > 0, `${admitted} admitted, ${limited} refused`);
      for (const name of names) await login(name);
    });

    it("refuses empty names and passwords, and ones that are too long", async () => {
      for (const bad of [
        login("", "password"),
        login(newKey(), ""),
        login(newKey(), "x".repeat(129)),
        login("x".repeat(65)),
      ]) {
        await invalid(bad);
      }
    });
  });

  describe("access", () => {
    it("returns users themselves, by 0 or by their id, and answers for others as for missing ones", async () => {
      const [userId, other] = [await service.newUser(5n), await service.newUser(7n)];
      const me = service.as(userId);
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
          await refused(call, Reason.USER_NOT_FOUND);
        }
      }
    });

    it("requires administrators to name a user that exists", async () => {
      for (const [userId, reason] of [
        [0n, Reason.INVALID_ARGUMENT],
        [-1n, Reason.INVALID_ARGUMENT],
        [newId(), Reason.USER_NOT_FOUND],
      ] as const) {
        await refused(service.admin.getUser({ userId }), reason);
        await refused(service.admin.listBalanceLog({ userId }), reason);
        await refused(service.admin.listPointLog({ userId }), reason);
      }
    });

    it("refuses a negative page size and forged page tokens", async () => {
      const me = service.as(await service.newUser());
      for (const page of [
        { pageSize: -1 },
        { pageToken: "forged" },
        { pageToken: "AAAAAAAAAAA" },
      ]) {
        await invalid(me.listBalanceLog(page));
        await invalid(me.listPointLog(page));
      }
    });

    it("refuses changes of a balance without permission", async () => {
      const userId = await service.newUser(5n);
      const me = service.as(userId);
      const topUp = { requestId: newKey(), userId, amountCents: 1n };
      const deductions = [{ orderId: newId(), userId, amountCents: 1n }];
      await refused(me.topUpBalance(topUp), Reason.PERMISSION_DENIED);
      await refused(service.order.topUpBalance(topUp), Reason.PERMISSION_DENIED);
      await refused(me.deductBalance({ deductions }), Reason.PERMISSION_DENIED);
      await refused(service.admin.deductBalance({ deductions }), Reason.PERMISSION_DENIED);
      await refused(service.anyone.getUser({ userId }), Reason.UNAUTHENTICATED);
    });
  });
});

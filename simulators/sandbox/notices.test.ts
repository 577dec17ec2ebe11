import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPayment, payOpen } from "./ledger.ts";
import { addNotice, dueNotices, pauseAfter, recordAttempt } from "./notices.ts";
import { openStore, type Store } from "./store.ts";

describe("the callback schedule", () => {
  let directory: string;
  let store: Store;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sandbox-notices-"));
    store = openStore(join(directory, "sandbox.db"));
  });

  afterEach(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it("repeats after 1 s, 2 s, 5 s, 15 s, 30 s, 1 m, 5 m, 15 m, and then every hour", () => {
    const seconds = Array.from({ length: 11 }, (_, index) => pauseAfter(index + 1, 100) / 1_000);
    assert.deepEqual(seconds, [1, 2, 5, 15, 30, 60, 300, 900, 3_600, 3_600, 3_600]);
    assert.equal(pauseAfter(1, 1), 10);
  });

  it("ends after a day without an answer", async () => {
    const begun = 1_000_000;
    await store.transact((sql) => {
      const payment = openPayment(
        sql,
        {
          merchantTradeId: "7",
          amountCents: 1n,
          currency: "EUR",
          notifyUrl: "http://127.0.0.1/",
          returnUrl: "",
        },
        begun,
      );
      payOpen(sql, payment.tradeId, begun);
      addNotice(sql, payment, { payMs: begun, sendMs: begun });
    });
    let nowMs = begun;
    let attempts = 0;
    for (; attempts < 100; attempts += 1) {
      const [notice] = dueNotices(store.read, nowMs, 10);
      if (!notice) break;
      const outcome = { answered: false, answer: "500", nowMs, schedulePercent: 100 };
      await store.transact((sql) => recordAttempt(sql, notice, outcome));
      nowMs += pauseAfter(attempts + 1, 100);
    }
    const row = store.read.get("select state, attempts from notices");
    assert.deepEqual([row?.state, Number(row?.attempts)], ["given_up", attempts]);
    assert.ok(nowMs - begun > 23 * 3_600_000 && nowMs - begun < 26 * 3_600_000);
  });
});

describe("the store of the sandbox", () => {
  it("rolls back work that throws, and nothing else that shares its commit", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sandbox-store-"));
    const store = openStore(join(directory, "sandbox.db"));
    const insert = "insert into fakes (merchant_trade_id, kind, answer) values (?, '', '')";
    const jobs = ["a", "b", "c"].map((name) =>
      store.transact((sql) => {
        sql.run(insert, [name]);
        if (name === "b") throw new Error("not this one");
        return name;
      }),
    );
    const outcomes = await Promise.allSettled(jobs);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    const rows = store.read.all("select merchant_trade_id as name from fakes order by 1");
    assert.deepEqual(
      rows.map(({ name }) => name),
      ["a", "c"],
    );
    await store.close();
    rmSync(directory, { recursive: true });
  });
});

import assert from "node:assert/strict";
import type { EVENTS } from "#proto/events.ts";
import type { RefundOutcome, RefundRequest } from "../../../services/pay/providers/provider.ts";
import { sandboxProvider } from "../../../services/pay/providers/sandbox/provider.ts";
import { migrations } from "../../../services/pay/store/migrations/index.ts";
import { sweepRefunds } from "../../../services/pay/use-cases/sweep-refunds.ts";
import { openTestDatabase, type TestDatabase } from "../../../testbed/shop/database.ts";

type Said = RefundOutcome | { state: "unknown" };
type Asked = { call: "refund" | "query"; number: string; atMs: number };

const PAYMENT_ID = 7n;
const RETRY_MS = 100;

/** The rules of a provider that cannot be tried with the sandbox, against real rows. */
describe("the rules of a provider for refunds", function () {
  this.timeout(30_000);
  let database: TestDatabase;
  let nextId = 1_000n;
  let asked: Asked[];
  let facts: string[];
  before(async () => {
    database = await openTestDatabase(migrations);
  });
  after(() => database?.drop());
  beforeEach(async () => {
    asked = [];
    facts = [];
    await database.transact("clear", async (tx) => {
      for (const table of ["refunds", "payment_log", "payments"]) {
        await tx.write(`delete from ${table}`);
      }
      await tx.write(
        `insert into payments (payment_id, order_id, user_id, provider, status, amount_cents,
           currency, return_url, provider_trade_id, refund_requested_cents, next_check, pay_time)
         values (?, 1, 1, 'sandbox', 2, 1000, 'CNY', '', 't-7', 1000, now(3), now(3))`,
        [PAYMENT_ID],
      );
    });
  });

  /** A replica whose provider has these rules and answers. */
  const replica = (
    rules: { spacingMs?: number; maxPerPayment?: number; queryAfterMs?: number },
    answer: (asked: Asked) => Said,
  ) => {
    const ask = (call: Asked["call"]) => async (request: RefundRequest) => {
      const { refundId, attempt } = request;
      const one = { call, number: `${refundId}-${attempt}`, atMs: Date.now() };
      asked.push(one);
      return answer(one);
    };
    const sandbox = sandboxProvider({ url: "http://127.0.0.1:9", secret: "", notifyUrl: "" });
    const provider = {
      ...sandbox,
      refundRules: { spacingMs: 0, maxPerPayment: 1_000, queryAfterMs: 50, ...rules },
      refund: ask("refund") as (request: RefundRequest) => Promise<RefundOutcome>,
      queryRefund: ask("query"),
    };
    const parts = {
      database,
      identifiers: { next: () => nextId++ },
      outbox: {
        add: async (_: unknown, events: readonly { fact: keyof (typeof EVENTS)["pay"] }[]) => {
          facts.push(...events.map(({ fact }) => fact));
        },
      },
      providers: new Map([["sandbox", provider]]),
      rules: { currency: "CNY", returnOrigins: [], queryAfterMs: 1_000, refundRetryMs: RETRY_MS },
    };
    return () => sweepRefunds(parts);
  };
  const request = (...refundIds: bigint[]) =>
    database.transact("request", async (tx) => {
      for (const refundId of refundIds) {
        await tx.write(
          `insert into refunds (refund_id, payment_id, order_id, amount_cents, status, next_try)
           values (?, ?, 1, 10, 1, now(3))`,
          [refundId, PAYMENT_ID],
        );
      }
    });
  const rows = () =>
    database.select<{ status: number; attempt: number; failure: string; waitMs: number }>(
      `select status, attempt, failure,
         cast(timestampdiff(microsecond, now(3), next_try) / 1000 as double) as waitMs
       from refunds order by refund_id`,
    );
  /** Makes every unfinished refund due, as if its pause were over. */
  const dueNow = () =>
    database.transact("due", (tx) => tx.write("update refunds set next_try = now(3)"));
  const logTypes = async () => {
    const log = await database.select<{ type: number }>(
      "select type from payment_log order by log_id",
    );
    return log.map(({ type }) => type);
  };

  it("keep the spacing between two refunds of a payment, over all replicas", async () => {
    const succeed = (): Said => ({ state: "succeeded" });
    const sweeps = [1, 2].map(() => replica({ spacingMs: 400 }, succeed));
    await request(1n, 2n, 3n);
    const beganMs = Date.now();
    while (asked.length < 3 && Date.now() < beganMs + 10_000) {
      await Promise.all(sweeps.map((sweep) => sweep()));
    }
    assert.deepEqual(asked.map(({ number }) => number).sort(), ["1-1", "2-1", "3-1"]);
    const times = asked.map(({ atMs }) => atMs);
    for (const [index, atMs] of times.slice(1).entries()) {
      // The clocks of the database and of this process round to milliseconds.
      assert.ok(atMs - (times[index] ?? 0) >= 300, times.join(", "));
    }
    assert.ok((await rows()).every(({ status }) => status === 2));
  });

  it("leave a refund beyond the cap to a person, with a clear cause and without a call", async () => {
    const sweep = replica({ maxPerPayment: 2 }, () => ({ state: "succeeded" }));
    await request(1n, 2n, 3n);
    await sweep();
    assert.equal(asked.length, 2);
    const [, , last] = await rows();
    assert.equal(last?.status, 4);
    assert.match(last.failure, /accepts at most 2 refunds of a payment/);
    assert.deepEqual(facts.sort(), [
      "pay.v1.refund_requires_action",
      "pay.v1.refunded",
      "pay.v1.refunded",
    ]);
  });

  it("count refused numbers towards the cap", async () => {
    const sweep = replica({ maxPerPayment: 2 }, () => ({ state: "failed", cause: "closed" }));
    await request(1n);
    for (let time = 0; time < 3; time += 1) {
      await dueNow();
      await sweep();
    }
    assert.deepEqual(
      asked.map(({ number }) => number),
      ["1-1", "1-2"],
    );
    assert.equal((await rows())[0]?.status, 4);
  });

  it("repeat the same number after the pause that the provider names, and log a cause once", async () => {
    const again: Said = { state: "again", cause: "NOT_ENOUGH", afterMs: 5_000 };
    const sweep = replica({}, ({ call }) => (call === "query" ? { state: "unknown" } : again));
    await request(1n);
    for (let time = 0; time < 3; time += 1) {
      await dueNow();
      await sweep();
    }
    assert.deepEqual(new Set(asked.map(({ number }) => number)), new Set(["1-1"]));
    const [refund] = await rows();
    assert.deepEqual([refund?.status, refund?.attempt, refund?.failure], [1, 1, "NOT_ENOUGH"]);
    assert.ok((refund?.waitMs ?? 0) > 3_000, `${refund?.waitMs}`);
    assert.deepEqual(await logTypes(), [8]);
  });

  it("retry what needs a person with the same number, and say so once for each cause", async () => {
    let cause = "frozen";
    const said = (): Said => ({ state: "person", cause });
    const sweep = replica({}, said);
    await request(1n);
    for (const next of ["frozen", "frozen", "blocked"]) {
      cause = next;
      await dueNow();
      await sweep();
    }
    assert.deepEqual(new Set(asked.map(({ number }) => number)), new Set(["1-1"]));
    assert.deepEqual(await logTypes(), [10, 10]);
    assert.deepEqual(facts, ["pay.v1.refund_requires_action"]);
    assert.equal((await rows())[0]?.failure, "blocked");
  });

  it("query a number that may have had its effect before they repeat it", async () => {
    let lost = true;
    const sweep = replica({}, ({ call }) => {
      if (!lost) return call === "query" ? { state: "succeeded" } : { state: "failed", cause: "" };
      lost = false;
      throw new Error("the answer is lost");
    });
    await request(1n);
    const [first] = await sweep();
    assert.equal(first?.outcome, "broken");
    await dueNow();
    await sweep();
    assert.deepEqual(
      asked.map(({ call, number }) => `${call} ${number}`),
      ["refund 1-1", "query 1-1"],
    );
    assert.equal((await rows())[0]?.status, 2);
  });

  it("only query what a provider has accepted, and send it again if it is unknown there", async () => {
    const answers: Said[] = [
      { state: "pending", reference: "r-1" },
      { state: "pending" },
      { state: "unknown" },
      { state: "unknown" },
      { state: "succeeded" },
    ];
    const sweep = replica({}, () => answers.shift() ?? { state: "succeeded" });
    await request(1n);
    for (let time = 0; time < 4; time += 1) {
      await dueNow();
      await sweep();
    }
    assert.deepEqual(
      asked.map(({ call, number }) => `${call} ${number}`),
      ["refund 1-1", "query 1-1", "query 1-1", "query 1-1", "refund 1-1"],
    );
    assert.equal((await rows())[0]?.status, 2);
    const [stored] = await database.select<{ reference: string }>("select reference from refunds");
    assert.equal(stored?.reference, "r-1");
  });
});

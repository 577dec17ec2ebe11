import assert from "node:assert/strict";
import { Outage } from "#platform/values/refusal.ts";
import type { RawCallback } from "../../../services/pay/domain/notice.ts";
import type { Closing } from "../../../services/pay/providers/provider.ts";
import type { Contestant, Faults } from "./contestant.ts";
import {
  newOpening,
  noticeIn,
  open,
  openPaid,
  paidNotice,
  refundRequest,
  refundUntilDone,
} from "./payments.ts";

/**
 * What the shop relies on with every provider, by its methods and its running simulator. The
 * sandbox lacks some faults, and takes every currency.
 */
export function describeProvider(
  name: string,
  start: () => Promise<Contestant>,
  { variant, isSandbox = false }: { variant?: string; isSandbox?: boolean } = {},
): void {
  describe(`the provider ${[name, ...(variant ? [`(${variant})`] : [])].join(" ")}, with its simulator`, function () {
    this.timeout(60_000);
    let at: Contestant;
    before(async () => {
      at = await start();
    });
    after(() => at?.stop());
    afterEach(() => at.faults());

    it("names itself, its kind of checkout and the headers that it needs", () => {
      const { provider } = at;
      assert.equal(provider.name, name);
      assert.ok(provider.title.en !== "" && provider.title.zh !== "");
      assert.ok(provider.headers.every((header) => header === header.toLowerCase()));
      assert.ok(provider.supports(at.currency));
      assert.equal(provider.supports("XXX"), isSandbox);
    });

    it("opens a payment twice as one, with the same action", async () => {
      const opening = newOpening(at);
      const first = await open(at, opening);
      assert.equal(first.action.kind, at.provider.checkout);
      assert.deepEqual(await open(at, opening), first);
      const known = { ...opening, ...first.payment };
      assert.deepEqual((await open(at, known)).action, first.action);
    });

    it("opens a payment as one that is opened 8 times at the same moment", async () => {
      const opening = newOpening(at);
      const all = await Promise.all(Array.from({ length: 8 }, () => open(at, opening)));
      for (const one of all) assert.deepEqual(one, all[0]);
    });

    it("opens a payment as one whose first answer was lost", async () => {
      const opening = newOpening(at);
      await at.faults({ loseAnswers: 1 });
      // Where opening needs no call, there is no answer to lose.
      const first = await open(at, opening).catch((error: unknown) => {
        assert.ok(error instanceof Outage);
      });
      await at.faults();
      const second = await open(at, opening);
      if (first) assert.deepEqual(second, first);
      await at.pay(second.payment, second.action);
      await paidNotice(at, second.payment);
    });

    it("has a payment open, or not begun, until it is paid", async () => {
      const { payment, action } = await open(at);
      const { state } = await at.provider.query(payment);
      assert.ok(state === "open" || state === "not_begun", state);
      await at.visit(payment, action);
      assert.equal((await at.provider.query(payment)).state, "open");
    });

    it("says by a notice and by a query that a payment was paid, alike", async () => {
      const opened = await open(at);
      const beforeMs = Date.now();
      await at.pay(opened.payment, opened.action);
      const { notice, payment } = await paidNotice(at, opened.payment);
      assert.equal(notice.paymentId, payment.paymentId);
      assert.deepEqual([notice.amountCents, notice.currency], [12_345n, at.currency]);
      const queried = await at.provider.query(opened.payment);
      assert.ok(queried.state === "paid");
      assert.equal(queried.tradeId, notice.tradeId);
      assert.deepEqual([queried.amountCents, queried.currency], [12_345n, at.currency]);
      assert.ok(Math.abs(queried.payTime.getTime() - notice.payTime.getTime()) <= 2_000);
      // Times of providers have seconds.
      assert.ok(Math.abs(notice.payTime.getTime() - beforeMs) < 60_000);
    });

    it("takes no changed callback for genuine", async () => {
      const opened = await open(at);
      await at.pay(opened.payment, opened.action);
      const { callback } = await paidNotice(at, opened.payment);
      const nowMs = Date.now();
      for (const [index, changed] of mutations(callback, at.signedBy).entries()) {
        const { genuine } = at.provider.readCallback({ ...changed, nowMs });
        const body = Buffer.from(changed.body).toString();
        assert.equal(genuine, false, `mutation ${index} of ${callback.body} is ${body}`);
      }
    });

    it("takes a callback for genuine again and again, with one notice id", async () => {
      const opened = await open(at);
      await at.pay(opened.payment, opened.action);
      const { callback, notice } = await paidNotice(at, opened.payment);
      for (let time = 0; time < 3; time += 1) assert.deepEqual(noticeIn(at, callback), notice);
    });

    it("closes a payment before it is paid, and then it cannot be paid", async () => {
      const { payment, action } = await open(at);
      await at.visit(payment, action);
      assert.equal(await at.provider.close(payment), "closed");
      assert.equal(await at.provider.close(payment), "closed");
      assert.equal((await at.provider.query(payment)).state, "closed");
      await at.pay(payment, action).catch(() => undefined);
      assert.equal((await at.provider.query(payment)).state, "closed");
    });

    it("does not close what it does not know", async () => {
      const closing = await at.provider.close(newOpening(at));
      assert.ok(closing === "not_begun" || typeof closing === "object", String(closing));
    });

    it("does not close a paid payment", async () => {
      const { payment } = await openPaid(at);
      assert.equal(await at.provider.close(payment), "paid");
      assert.equal((await at.provider.query(payment)).state, "paid");
    });

    // The sandbox has no such fault.
    if (!isSandbox) {
      it("says that a payment was paid which is paid while it is closed", async () => {
        const { payment, action } = await open(at);
        await at.visit(payment, action);
        await at.faults({ payDuringClose: 1 });
        assert.equal(await at.provider.close(payment), "paid");
      });
    }

    it("refunds a part, another and the rest, and no more", async () => {
      const { payment } = await openPaid(at);
      for (const amount of [45n, 2_300n, 10_000n]) {
        const outcome = await refundUntilDone(at, refundRequest(payment, amount));
        assert.equal(outcome.state, "succeeded", JSON.stringify(outcome));
        const { state } = await at.provider.query(payment);
        assert.equal(state, "paid");
      }
      assert.equal(await at.refundedCents(payment), 12_345n);
      const more = await refundUntilDone(at, refundRequest(payment, 1n));
      assert.ok(more.state === "failed" || more.state === "person", more.state);
      assert.equal(await at.refundedCents(payment), 12_345n);
    });

    it("refunds once what is asked for again and again under one number", async () => {
      const { payment } = await openPaid(at);
      const request = refundRequest(payment, 1_000n);
      assert.equal((await refundUntilDone(at, request)).state, "succeeded");
      for (let time = 0; time < 3; time += 1) {
        assert.equal((await refundUntilDone(at, request)).state, "succeeded");
      }
      assert.equal(await at.refundedCents(payment), 1_000n);
      assert.equal((await at.provider.queryRefund(request)).state, "succeeded");
    });

    it("refunds once what is asked for 5 times at the same moment", async () => {
      const { payment } = await openPaid(at);
      const request = refundRequest(payment, 1_000n);
      await Promise.allSettled(Array.from({ length: 5 }, () => at.provider.refund(request)));
      assert.equal((await refundUntilDone(at, request)).state, "succeeded");
      assert.equal(await at.refundedCents(payment), 1_000n);
    });

    it("refunds once what is asked for again because the answers were lost", async () => {
      const { payment } = await openPaid(at);
      const request = refundRequest(payment, 1_000n);
      await at.faults({ loseAnswers: 2 });
      for (let time = 0; time < 2; time += 1) {
        await assert.rejects(at.provider.refund(request), Outage);
      }
      await at.faults();
      assert.equal((await refundUntilDone(at, request)).state, "succeeded");
      assert.equal(await at.refundedCents(payment), 1_000n);
    });

    it("does not know a refund that was never asked for", async () => {
      const { payment } = await openPaid(at);
      const { state } = await at.provider.queryRefund(refundRequest(payment, 1_000n));
      assert.equal(state, "unknown");
    });

    it("reports an outage, never an end, while the provider is away, busy or broken", async () => {
      const { payment } = await openPaid(at);
      const waiting = await open(at);
      const calls: (() => Promise<Answer>)[] = [
        () => at.provider.query(payment),
        () => at.provider.close(waiting.payment),
        () => at.provider.refund(refundRequest(payment, 1_000n)),
        () => at.provider.queryRefund(refundRequest(payment, 1_000n)),
      ];
      const kinds: Faults[] = [{ down: true }];
      if (!isSandbox) kinds.push({ error: 1 }, { rateLimit: 1 });
      for (const faults of kinds) {
        for (const call of calls) {
          await at.faults(faults);
          assert.equal(await stateAfter(call), "again", `${JSON.stringify(faults)} ${call}`);
        }
      }
      await at.faults();
      assert.equal(await at.refundedCents(payment), 0n);
    });
  });
}

type Answer = Closing | { state: string };

/** The state in the answer of a call; "again" for an outage. */
async function stateAfter(call: () => Promise<Answer>): Promise<unknown> {
  try {
    const answer = await call();
    return typeof answer === "object" && "state" in answer ? answer.state : answer;
  } catch (error) {
    assert.ok(error instanceof Outage, String(error));
    return "again";
  }
}

/** The callback with one change each: a byte of the body, a header changed, or a header missing. */
function mutations(callback: RawCallback, signedBy: readonly string[]): RawCallback[] {
  const { body } = callback;
  const positions = Array.from({ length: 97 }, (_, index) =>
    Math.floor((index * body.length) / 97),
  );
  const changedBodies = positions.map((position) => {
    const changed = Buffer.from(body);
    changed[position] = (changed[position] as number) ^ 1;
    return { ...callback, body: changed };
  });
  const changedHeaders = signedBy.flatMap((name) => {
    const value = callback.headers[name] ?? "";
    const { [name]: _, ...without } = callback.headers;
    const middle = Math.floor(value.length / 2);
    const digit = value[middle] === "0" ? "1" : "0";
    const changedValue = `${value.slice(0, middle)}${digit}${value.slice(middle + 1)}`;
    const changed = { ...callback.headers, [name]: changedValue };
    return [
      { ...callback, headers: changed },
      { ...callback, headers: without },
    ];
  });
  return [...changedBodies, ...changedHeaders];
}

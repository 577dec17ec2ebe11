import assert from "node:assert/strict";
import { readEvent } from "./events.ts";

const session = {
  id: "cs_test_a1b2c3",
  object: "checkout.session",
  amount_total: 1_234,
  client_reference_id: "123456789012345678",
  currency: "eur",
  livemode: false,
  metadata: { jetshop_payment: "123456789012345678", jetshop_order: "7" },
  payment_intent: "pi_3abc",
  payment_status: "paid",
  status: "complete",
  success_url: "https://shop.example/thanks",
  url: null,
};
const refund = {
  id: "re_3abc",
  object: "refund",
  amount: 500,
  charge: "ch_3abc",
  currency: "eur",
  metadata: { jetshop_payment: "123456789012345678", jetshop_refund: "42-3" },
  payment_intent: "pi_3abc",
  status: "succeeded",
};
const dispute = {
  id: "du_1abc",
  object: "dispute",
  amount: 1_234,
  balance_transactions: [
    { id: "txn_1", amount: -1_234, currency: "eur", fee: 1_500, net: -2_734 },
    { id: "txn_2", amount: 1_234, currency: "eur", fee: -1_500, net: 2_734 },
  ],
  currency: "eur",
  payment_intent: "pi_3abc",
  status: "needs_response",
};

const eventOf = (type: string, object: object, changes: object = {}) => ({
  id: "evt_1abc",
  object: "event",
  api_version: "2026-10-28.endive",
  created: 1_795_000_000,
  data: { object },
  livemode: false,
  pending_webhooks: 1,
  request: { id: null, idempotency_key: null },
  type,
  ...changes,
});

/** The notice without what all have. */
function noticeOf(type: string, object: object, changes: object = {}): object {
  const read = readEvent(eventOf(type, object, changes), false);
  if ("fault" in read) return read;
  const { noticeId, event, ...rest } = read.notice;
  assert.deepEqual([noticeId, event], ["evt_1abc", type]);
  return rest;
}

const paymentId = 123456789012345678n;
const paid = {
  kind: "paid",
  paymentId,
  tradeId: "pi_3abc",
  amountCents: 1_234n,
  currency: "EUR",
  payTime: new Date(1_795_000_000_000),
  references: { session: "cs_test_a1b2c3", payment_intent: "pi_3abc" },
};

describe("an event of Stripe", () => {
  it("is paid if a session is complete and paid, at once or by a slow method", () => {
    assert.deepEqual(noticeOf("checkout.session.completed", session), paid);
    assert.deepEqual(noticeOf("checkout.session.async_payment_succeeded", session), paid);
  });

  it("moves a payment whose session is unpaid, expired or failed", () => {
    const unpaid = { ...session, payment_status: "unpaid" };
    for (const [type, kind] of [
      ["completed", "processing"],
      ["async_payment_failed", "failed"],
      ["expired", "closed"],
    ]) {
      assert.deepEqual(noticeOf(`checkout.session.${type}`, unpaid), { kind, paymentId });
    }
  });

  it("is not the shop's if its session does not name a payment twice and alike", () => {
    const foreign: object[] = [
      { client_reference_id: null },
      { client_reference_id: "1001", metadata: {} },
      { client_reference_id: "8" },
      { metadata: { jetshop_payment: "8" } },
      { client_reference_id: "0", metadata: { jetshop_payment: "0" } },
    ];
    for (const changes of foreign) {
      assert.deepEqual(noticeOf("checkout.session.completed", { ...session, ...changes }), {
        kind: "not_ours",
        cause: "session cs_test_a1b2c3 names no payment of the shop",
      });
    }
  });

  it("counts amounts in the minor units of the shop", () => {
    for (const [amount_total, currency, amountCents] of [
      [500, "jpy", 500n],
      [5_120, "kwd", 5_120n],
      [150_000, "isk", 1_500n],
    ] as const) {
      const notice = noticeOf("checkout.session.completed", { ...session, amount_total, currency });
      assert.deepEqual(notice, { ...paid, amountCents, currency: currency.toUpperCase() });
    }
  });

  it("tells of a refund by its number, and of one from the dashboard by Stripe's", () => {
    const own = {
      kind: "refund",
      paymentId,
      tradeId: "pi_3abc",
      refund: { refundId: 42n, attempt: 3 },
      foreignId: undefined,
      state: "succeeded",
      amountCents: 500n,
      currency: "EUR",
      reference: "re_3abc",
    };
    assert.deepEqual(noticeOf("refund.created", refund), own);
    const first = { ...refund, metadata: { ...refund.metadata, jetshop_refund: "42" } };
    assert.deepEqual(noticeOf("refund.updated", first), {
      ...own,
      refund: { refundId: 42n, attempt: 1 },
    });
    assert.deepEqual(noticeOf("refund.created", { ...refund, metadata: {} }), {
      ...own,
      paymentId: undefined,
      refund: undefined,
      foreignId: "re_3abc",
    });
  });

  it("tells whether a refund is done, waits or failed", () => {
    for (const [status, state] of [
      ["pending", "pending"],
      ["requires_action", "pending"],
      ["failed", "failed"],
      ["canceled", "failed"],
    ]) {
      const failure_reason = status === "failed" ? "expired_or_canceled_card" : undefined;
      const notice = noticeOf("refund.failed", { ...refund, status, failure_reason });
      assert.equal((notice as { state: string }).state, state);
    }
    assert.equal(
      (
        noticeOf("refund.failed", { ...refund, status: "failed", failure_reason: "lost_card" }) as {
          cause: string;
        }
      ).cause,
      "lost_card",
    );
  });

  it("tells of a dispute, with the fee when money moves", () => {
    const opened = {
      kind: "dispute",
      paymentId: undefined,
      tradeId: "pi_3abc",
      disputeId: "du_1abc",
      amountCents: 1_234n,
      currency: "EUR",
    };
    const won = { ...dispute, status: "won" };
    for (const [type, object, state, feeCents] of [
      ["created", dispute, "opened", 0n],
      ["funds_withdrawn", dispute, "funds_withdrawn", 1_500n],
      ["funds_reinstated", won, "funds_reinstated", 1_500n],
      ["updated", { ...dispute, status: "under_review" }, "updated", 0n],
      ["closed", won, "won", 0n],
      ["closed", { ...dispute, status: "lost" }, "lost", 0n],
      ["closed", { ...dispute, status: "warning_closed" }, "updated", 0n],
    ] as const) {
      const notice = noticeOf(`charge.dispute.${type}`, object);
      assert.deepEqual(notice, { ...opened, state, feeCents }, type);
    }
  });

  it("is left alone if the shop does not act on its type", () => {
    for (const type of ["payout.paid", "charge.refunded", "payment_intent.created"]) {
      assert.deepEqual(noticeOf(type, { id: "x" }), { kind: "other" });
    }
    assert.deepEqual(noticeOf("checkout.session.renamed", session), { kind: "other", paymentId });
  });

  it("is of another account if it is of the other mode or of a connected account", () => {
    for (const changes of [{ livemode: true }, { account: "acct_1" }]) {
      assert.deepEqual(noticeOf("checkout.session.completed", session, changes), {
        fault: "merchant",
      });
    }
    assert.deepEqual(readEvent(eventOf("payout.paid", {}), true), { fault: "merchant" });
  });

  const malformed: [content: string, event: object | undefined][] = [
    ["no object", undefined],
    ...["id", "type", "created", "data", "livemode", "object"].map((name): [string, object] => [
      `no ${name}`,
      eventOf("checkout.session.completed", session, { [name]: undefined }),
    ]),
    ["another object", eventOf("payout.paid", {}, { object: "v2.core.event" })],
    ["an id with a space", eventOf("payout.paid", {}, { id: "evt_ 1" })],
    ["a type with a line break", eventOf("a\nb", {})],
    ...["id", "amount_total", "currency", "status", "payment_status", "payment_intent"].map(
      (name): [string, object] => [
        `a paid session without ${name}`,
        eventOf("checkout.session.completed", { ...session, [name]: undefined }),
      ],
    ),
    ...["1234", 12.5, -1, 1e17, Number.NaN, null].map((amount_total): [string, object] => [
      `the amount ${JSON.stringify(amount_total)}`,
      eventOf("checkout.session.completed", { ...session, amount_total }),
    ]),
    ...["EUR", "eu", "irr", 7].map((currency): [string, object] => [
      `the currency ${currency}`,
      eventOf("checkout.session.completed", { ...session, currency }),
    ]),
    [
      "a fraction of a krona",
      eventOf("refund.created", { ...refund, currency: "isk", amount: 50 }),
    ],
    ["a refund of another state", eventOf("refund.created", { ...refund, status: "done" })],
    ["a dispute without id", eventOf("charge.dispute.created", { ...dispute, id: 1 })],
  ];
  for (const [content, event] of malformed) {
    it(`is malformed with ${content}`, () => {
      assert.deepEqual(readEvent(event as Record<string, unknown>, false), { fault: "malformed" });
    });
  }
});

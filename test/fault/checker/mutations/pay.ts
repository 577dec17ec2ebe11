import type { CodeMutation } from "../mutation.ts";

const SANDBOX = "services/pay/providers/sandbox/provider.ts";

/** Defects of the pay service. */
export const PAY_MUTATIONS: CodeMutation[] = [
  {
    name: "any-amount-accepted",
    what: "a callback is accepted without a check of its amount",
    service: "pay",
    edits: [
      {
        file: "services/pay/domain/verdict.ts",
        piece: 'if (notice.amountCents !== payment.amountCents) return refused("amount");',
        replacement: "",
      },
    ],
    scenario: "forgery",
    caughtBy: /^broken: payment-is-at-the-provider: payment/,
  },
  {
    name: "verdict-without-payment",
    what: "a callback is recorded as accepted, and the payment does not change",
    service: "pay",
    edits: [
      {
        file: "services/pay/use-cases/steps/take-paid-notices.ts",
        piece: "await markPaid(tx, parts, paid);",
        replacement: "",
      },
    ],
    scenario: "lostAnswer",
    neverQuiet: true,
    caughtBy: /^broken: money-in-is-on-record: payment/,
  },
  {
    name: "refund-under-another-key",
    what: "a refund is retried under another key",
    service: "pay",
    edits: [
      {
        file: "services/pay/providers/provider.ts",
        piece: "attempt === 1 ? String(refundId) :",
        replacement: '[refundId, Date.now() % 1_000_000].join("-") ||',
      },
    ],
    scenario: "lostAnswer",
    caughtBy: /^broken: provider-refund-is-known: refund .* was carried out 2 times/,
  },
  {
    name: "refund-of-a-cent-more",
    what: "the provider is asked for a cent more than the refund",
    service: "pay",
    edits: [
      {
        file: SANDBOX,
        piece: "amount_cents: String(amountCents),\n        },\n      });\n      // 409 included",
        replacement:
          "amount_cents: String(amountCents + 1n),\n        },\n      });\n      // 409 included",
      },
    ],
    scenario: "lostAnswer",
    caughtBy: /^lost: order \d+ owes \d+ cents in the end, and the provider holds \d+/,
  },
  {
    name: "reopened-money-kept",
    what: "a payment keeps the refunded amount of a refund that reopens",
    service: "pay",
    edits: [
      {
        file: "services/pay/use-cases/steps/settle-refund.ts",
        piece: "await writeRefunded(tx, { paymentId, ...reopenRefund(payment, amountCents) });",
        replacement: "",
      },
    ],
    scenario: "takenBack",
    neverQuiet: true,
    caughtBy: /^broken: payment-refunds-add-up: payment/,
  },
  {
    name: "identifiers-repeat",
    what: "identifiers have a time of quarter seconds and a sequence per millisecond",
    service: "pay",
    edits: [
      {
        file: "platform/values/snowflake.ts",
        piece: "BigInt(lastMs - EPOCH_MS) << 22n",
        replacement: "BigInt(Math.floor((lastMs - EPOCH_MS) / 256) * 256) << 22n",
      },
    ],
    scenario: "lostAnswer",
    caughtBy: /^broken: identifiers-are-unique: pay \d+/,
  },
  {
    name: "payment-refused-but-open",
    what: "CreatePayment is refused after the payment was opened",
    service: "pay",
    edits: [
      {
        file: "services/pay/use-cases/create-payment.ts",
        piece: "return readBack(parts, payment.paymentId);",
        replacement: 'throw notPayable(order, "payments_closed");',
      },
    ],
    scenario: "forgery",
    caughtBy: /^refused, with an effect: payment \d+ of order \d+ exists/,
  },
  {
    name: "refunded-cents-omitted",
    what: "GetPayment and ListPayments omit refunds",
    service: "pay",
    edits: [
      {
        file: "services/pay/rpc.ts",
        piece: "refundedCents: payment.refundedCents,",
        replacement: "refundedCents: 0n,",
      },
    ],
    scenario: "lostAnswer",
    caughtBy: /^lost: the payments of order \d+ are answered differently/,
  },
];

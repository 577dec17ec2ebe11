import type { CodeMutation } from "../mutation.ts";

/** Defects of the order service. */
export const ORDER_MUTATIONS: CodeMutation[] = [
  {
    name: "a-cent-more-to-pay",
    what: "a cent is added to what is left to pay",
    service: "order",
    edits: [
      {
        file: "services/order/domain/amounts.ts",
        piece: "if (left >= 0n) return left;",
        replacement: "if (left >= 0n) return left === 0n ? left : left + 1n;",
      },
    ],
    scenario: "story",
    caughtBy: /^broken: amounts-add-up: order/,
  },
  {
    name: "refusal-keeps-its-stock",
    what: "a refused order does not return its stock",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/steps/settle-orders.ts",
        piece: "consumers: [...one.held],",
        replacement: 'consumers: [...one.held].filter((holder) => holder !== "goods"),',
      },
    ],
    scenario: "story",
    caughtBy: /^doubled: the stock of \d+ is/,
  },
  {
    name: "cancel-without-event",
    what: "a cancellation publishes no event",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/steps/cancellation.ts",
        piece: "await parts.outbox.add(tx, cancellations.map(cancelledEvent));",
        replacement: "",
      },
    ],
    scenario: "story",
    caughtBy: /^broken: transitions-have-their-event: order/,
  },
  {
    name: "relay-trusts-the-broker",
    what: "an event is complete once the broker has it, whether or not its consumers get it",
    service: "order",
    edits: [
      {
        file: "platform/events/mark-published.ts",
        piece: "const { NEW, PUBLISHED, DONE } = OutboxState;",
        replacement: "const { NEW, DONE } = OutboxState;\nconst PUBLISHED = DONE;",
      },
    ],
    scenario: "lostEvent",
    caughtBy: /^broken: events-are-handled: event/,
  },
  {
    name: "request-id-ignored",
    what: "a repeated request_id makes another order",
    service: "order",
    edits: [
      {
        file: "services/order/store/insert-orders.ts",
        piece: "requestFingerprint: order.fingerprint,",
        replacement: `requestFingerprint: order.fingerprint,
      requestId: order.requestId + "." + String(order.orderId).slice(-6),`,
      },
    ],
    scenario: "story",
    caughtBy: /^doubled: place \w+ was answered OK \d+, then OK \d+/,
  },
  {
    name: "other-contents-taken",
    what: "a repeated request_id with other contents is answered like the first request",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/steps/placing.ts",
        piece: "if (earlier.fingerprint.equals(fingerprint))",
        replacement: "if (fingerprint.length > 0)",
      },
    ],
    scenario: "story",
    caughtBy: /^contradicted: \w+ with other contents was answered OK/,
  },
  {
    name: "ok-before-the-commit",
    what: "PlaceOrder answers OK although the outcome was not committed",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/steps/settle-orders.ts",
        piece: "const { outcomes, decided } = await",
        replacement: "let sent: any;\n  const { outcomes, decided } = await",
      },
      {
        file: "services/order/use-cases/steps/settle-orders.ts",
        piece: "return { outcomes, decided };\n  });",
        replacement: "sent = { outcomes, decided };\n    return sent;\n  }).catch(() => sent);",
      },
    ],
    scenario: "brokenCommit",
    neverQuiet: true,
    caughtBy: /^lost: order \d+ was acknowledged and is in status/,
  },
  {
    name: "expiry-does-not-ask",
    what: "an order past its deadline is cancelled without asking the provider",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/expire-orders.ts",
        piece: "await parts.pay.closePayments(overdue, { deadlineMs });",
        replacement: 'new Map(overdue.map((orderId) => [orderId, "closed"]));',
      },
    ],
    scenario: "lastMoment",
    caughtBy: /^lost: order \d+ is paid at the provider and cancelled as unpaid/,
  },
  {
    name: "shipping-without-history",
    what: "the history has no entry for shipping",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/steps/transitions.ts",
        piece: "transitions.map(({ order, by }) => {",
        replacement:
          'transitions.filter(({ by }) => by.cause !== "ShipOrder").map(({ order, by }) => {',
      },
    ],
    scenario: "story",
    caughtBy: /^broken: history-has-every-version: order/,
  },
  {
    name: "refund-rounded-up",
    what: "the amount that an order keeps is rounded up to a cent",
    service: "order",
    edits: [
      {
        file: "services/order/domain/refunds.ts",
        piece: "((goodsAmountCents - couponPaidCents) * amountCents) / goodsAmountCents;",
        replacement:
          "((goodsAmountCents - couponPaidCents) * amountCents + goodsAmountCents - 1n) / goodsAmountCents;",
      },
    ],
    scenario: "story",
    caughtBy: /^broken: refunds-add-up: order/,
  },
  {
    name: "refund-returned-again",
    what: "a refund that reopens returns its goods by another event",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/track-refunds.ts",
        piece: "if (steps.length > 0 && !hasReturned(refund)) {",
        replacement: "if (steps.length > 0) {",
      },
      {
        file: "services/order/use-cases/track-refunds.ts",
        piece: "hasReturned, isLater,",
        replacement: "isLater,",
      },
    ],
    scenario: "takenBack",
    caughtBy: /^broken: transitions-have-their-event: order/,
  },
  {
    name: "reopening-ignored",
    what: "the order does not follow a refund that reopens",
    service: "order",
    edits: [
      {
        file: "services/order/domain/refund-progress.ts",
        piece: "if (reported.reopens !== known.reopens) return reported.reopens > known.reopens;",
        replacement: "if (reported.reopens !== known.reopens) return false;",
      },
    ],
    scenario: "takenBack",
    caughtBy: /^broken: refund-is-the-same-in-pay: order/,
  },
  {
    name: "cancel-refused-but-done",
    what: "a cancellation is refused after it was committed",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/cancel-order.ts",
        piece: "return getOrder(parts, orderId, call);",
        replacement: "throw new Refusal(Reason.ORDER_STATE_INVALID);",
      },
    ],
    scenario: "story",
    caughtBy: /^refused, with an effect: order \d+ is cancelled by a call/,
  },
  {
    name: "order-refused-but-kept",
    what: "an order with a coupon is refused after it was confirmed",
    service: "order",
    edits: [
      {
        file: "services/order/use-cases/place-order.ts",
        piece: 'import { getOrder } from "./get-order.ts";',
        replacement:
          'import { Reason, Refusal } from "#platform/values/refusal.ts";\nimport { getOrder } from "./get-order.ts";',
      },
      {
        file: "services/order/use-cases/place-order.ts",
        piece: "return outcome.order;",
        replacement:
          "if (command.couponId !== 0n) throw new Refusal(Reason.COUPON_NOT_FOUND);\n      return outcome.order;",
      },
    ],
    scenario: "story",
    caughtBy: /^refused, with an effect: order \d+ of \w+ was refused with .* and is kept/,
  },
  {
    name: "refund-amount-wrong",
    what: "GetOrder answers refunds with a cent too much",
    service: "order",
    edits: [
      {
        file: "services/order/rpc.ts",
        piece: "...refund,",
        replacement: "...refund,\n    payAmountCents: refund.payAmountCents + 1n,",
      },
    ],
    scenario: "story",
    caughtBy: /^lost: order \d+ is answered with other refunds/,
  },
  {
    name: "tracking-number-omitted",
    what: "GetOrder omits the tracking number",
    service: "order",
    edits: [
      {
        file: "services/order/rpc.ts",
        piece: "...order,",
        replacement: '...order,\n    trackingNumber: "",',
      },
    ],
    scenario: "story",
    caughtBy: /^lost: order \d+ is answered differently/,
  },
];

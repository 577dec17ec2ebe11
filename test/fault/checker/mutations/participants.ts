import type { CodeMutation } from "../mutation.ts";

const INBOX = "platform/events/inbox.ts";
const EVENTS = "proto/events.ts";

/** Defects of goods, coupon and user. */
export const PARTICIPANT_MUTATIONS: CodeMutation[] = [
  {
    name: "inbox-without-effect",
    what: "an event is recorded in the inbox and has no effect",
    service: "goods",
    edits: [
      {
        file: INBOX,
        piece: "return admitted;",
        replacement: "return [];",
      },
    ],
    scenario: "story",
    caughtBy: /^broken: order-holds-its-lines: order/,
  },
  {
    name: "inbox-before-the-effect",
    what: "the inbox row is committed before the effect, in a transaction of its own",
    service: "goods",
    edits: [
      {
        file: "services/goods/use-cases/release-stock.ts",
        piece: "await admitEvents(tx, deliveries);",
        replacement: 'await database.transact("admit", (apart) => admitEvents(apart, deliveries));',
      },
    ],
    scenario: "brokenRelease",
    caughtBy: /^doubled: the stock of \d+ is/,
  },
  {
    name: "stock-back-twice",
    what: "returned stock is counted twice",
    service: "goods",
    edits: [
      {
        file: "services/goods/store/stock.ts",
        piece: "({ goodsId, stock: delta })",
        replacement: "({ goodsId, stock: delta > 0n ? 2n * delta : delta })",
      },
    ],
    scenario: "story",
    caughtBy: /^lost: the stock of \d+ is/,
  },
  {
    name: "stock-back-without-row",
    what: "stock is returned without a row in its log",
    service: "goods",
    edits: [
      {
        file: "services/goods/store/stock.ts",
        piece: "await insertMovements(tx, movements, nextLogId);",
        replacement:
          "await insertMovements(tx, movements.filter(({ delta }) => delta < 0n), nextLogId);",
      },
    ],
    scenario: "story",
    caughtBy: /^broken: stock-is-sum-of-log: goods/,
  },
  {
    name: "nothing-acknowledged",
    what: "goods never acknowledges a message",
    service: "goods",
    edits: [
      {
        file: "platform/events/settle.ts",
        piece: "for (const { raw } of received) raw.ack();",
        replacement: "",
      },
    ],
    scenario: "story",
    neverQuiet: true,
    caughtBy: /^never quiet: messages for goods_order_v1_\w+ \d+/,
  },
  {
    name: "coupon-not-freed",
    what: "a cancelled order keeps its coupon",
    service: "coupon",
    edits: [
      {
        file: "services/coupon/use-cases/release-coupons.ts",
        piece: "await freeCoupons(tx, couponsToFree(open, coupons));",
        replacement: "",
      },
    ],
    scenario: "story",
    caughtBy: /^lost: coupon \d+ is used for order \d+/,
  },
  {
    name: "coupon-freed-too-early",
    what: "a partial refund returns the coupon",
    service: "coupon",
    edits: [
      {
        file: EVENTS,
        piece: 'consumer !== "coupon" || whole',
        replacement: 'consumer !== "coupon" || whole || true',
      },
    ],
    scenario: "story",
    caughtBy: /^doubled: coupon \d+ is spent by order \d+, but can be spent again/,
  },
  {
    name: "holders-ignored",
    what: "coupon handles cancellations of orders without a coupon",
    service: "coupon",
    edits: [
      {
        file: EVENTS,
        piece: "holders.includes(consumer)",
        replacement: "holders.includes(consumer) || true",
      },
    ],
    scenario: "story",
    caughtBy: /^broken: handled-events-exist: event \d+ at coupon/,
  },
  {
    name: "tombstone-forgotten",
    what: "a deduction that arrives after the cancellation of its order is applied",
    service: "user",
    edits: [
      {
        file: "services/user/use-cases/release-balance.ts",
        piece: "await insertHolds(tx, unknown.map(closedHold));",
        replacement: "",
      },
    ],
    scenario: "late",
    caughtBy: /^doubled: the balance of \d+ is/,
  },
  {
    name: "balance-taken-twice",
    what: "a repeated order_id deducts the balance again",
    service: "user",
    edits: [
      {
        file: "services/user/use-cases/deduct-balance.ts",
        piece: "return requests.map((request) => {",
        replacement: `const again = requests.filter((one) => !undecided.includes(one));
    const changes = again.map(({ userId, amountCents }) => [userId, -amountCents]);
    await addToUsers(tx, "balanceCents", new Map(changes));
    return requests.map((request) => {`,
      },
    ],
    scenario: "echo",
    caughtBy: /^doubled: the balance of \d+ is/,
  },
  {
    name: "points-for-every-message",
    what: "neither inbox nor log prevents a redelivered message from awarding points again",
    service: "user",
    edits: [
      {
        file: INBOX,
        piece: "if (byId.get(eventId)?.consumer === consumer) byId.delete(eventId);",
        replacement: "",
      },
      {
        file: "platform/db/rows.ts",
        piece: "tx.write(`insert into",
        replacement: "tx.write(`insert ignore into",
      },
      {
        file: "services/user/domain/points.ts",
        piece: "change.spentCents === 0n || before?.refunds.has(change.refundId)",
        replacement: "change.spentCents === 0n",
      },
    ],
    scenario: "echo",
    caughtBy: /^doubled: the points of \d+ are/,
  },
];

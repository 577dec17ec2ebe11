import assert from "node:assert/strict";
import fc from "fast-check";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { OrderLine } from "./order.ts";
import { hasRefundKey, type PlannedRefund, planRefund } from "./refunds.ts";

type PaidOrder = Parameters<typeof planRefund>[0];

const noRefunds = {
  quantities: new Map<bigint, bigint>(),
  payAmountCents: 0n,
  goodwillCents: 0n,
};
const only = (lines: OrderLine[]) => ({ lines, goodwillCents: 0n });

function order(over: Partial<PaidOrder> = {}): PaidOrder {
  return {
    lines: [
      { goodsId: 1n, quantity: 3n, unitPriceCents: 333n },
      { goodsId: 2n, quantity: 1n, unitPriceCents: 1n },
    ],
    goodsAmountCents: 1_000n,
    shippingFeeCents: 1_000n,
    couponPaidCents: 100n,
    payAmountCents: 1_500n,
    ...over,
  };
}

/** The totals of a sequence of refunds. */
function sumOf(refunds: PlannedRefund[]) {
  const sum = (amount: (refund: PlannedRefund) => bigint) =>
    refunds.reduce((total, refund) => total + amount(refund), 0n);
  return {
    pay: sum((refund) => refund.payAmountCents),
    balance: sum((refund) => refund.balanceCents),
    shipping: sum((refund) => refund.shippingCents),
    spent: sum((refund) => refund.spentCents),
  };
}

/** Refunds the order step by step, as the service does; an empty step refunds all that is left. */
function refundAll(paid: PaidOrder, steps: OrderLine[][]): PlannedRefund[] {
  return refundEach(paid, steps.map(only));
}

type Step = { lines: OrderLine[]; goodwillCents: bigint };

function refundEach(paid: PaidOrder, steps: Step[]): PlannedRefund[] {
  const quantities = new Map<bigint, bigint>();
  let payAmountCents = 0n;
  let goodwillCents = 0n;
  return steps.map((wanted) => {
    const refund = planRefund(paid, { quantities, payAmountCents, goodwillCents }, wanted);
    for (const { goodsId, quantity } of refund.lines) {
      quantities.set(goodsId, (quantities.get(goodsId) ?? 0n) + quantity);
    }
    payAmountCents += refund.payAmountCents;
    goodwillCents += refund.goodwillCents;
    return refund;
  });
}

const cents = (max: bigint) => fc.bigInt({ min: 0n, max });

/** An order of three lines with coupon, balance and shipping fee, and a split into refunds. */
const splitOrder = fc
  .record({
    lines: fc.tuple(
      ...[1n, 2n, 3n].map((goodsId) =>
        fc.record({
          goodsId: fc.constant(goodsId),
          quantity: fc.bigInt({ min: 1n, max: 4n }),
          unitPriceCents: fc.bigInt({ min: 0n, max: 10_000n }),
        }),
      ),
    ),
    shippingFeeCents: cents(1_000n),
    couponShare: cents(1_000n),
    balanceShare: cents(1_000n),
    steps: fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }),
  })
  .map(({ lines, shippingFeeCents, couponShare, balanceShare, steps }) => {
    const goodsAmountCents = lines.reduce((sum, l) => sum + l.quantity * l.unitPriceCents, 0n);
    const couponPaidCents = (goodsAmountCents * couponShare) / 1_000n;
    const paid = goodsAmountCents + shippingFeeCents - couponPaidCents;
    const balanceCents = (paid * balanceShare) / 1_000n;
    const units = lines.flatMap((line) =>
      Array.from({ length: Number(line.quantity) }, () => ({ ...line, quantity: 1n })),
    );
    const groups = Map.groupBy(units, (_, index: number) => steps[index] ?? 0);
    const split = [...groups.values()].map((group) =>
      [...Map.groupBy(group, (line) => line.goodsId).values()].map((same) => {
        return { ...(same[0] as OrderLine), quantity: BigInt(same.length) };
      }),
    );
    const full = { lines, goodsAmountCents, shippingFeeCents, couponPaidCents };
    return { paid: { ...full, payAmountCents: paid - balanceCents }, balanceCents, split };
  });

describe("refunds", () => {
  it("refunds a whole order: the provider's part to the provider, the rest to the balance", () => {
    assert.deepEqual(planRefund(order(), noRefunds, only([])), {
      lines: order().lines,
      payAmountCents: 1_500n,
      balanceCents: 400n,
      goodwillCents: 0n,
      shippingCents: 1_000n,
      spentCents: 900n,
      whole: true,
    });
  });

  it("adds up to exactly what was paid, by provider and by balance, in every split", () => {
    fc.assert(
      fc.property(splitOrder, ({ paid, balanceCents, split }) => {
        const refunds = refundAll(paid, split);
        const { pay, balance, shipping, spent } = sumOf(refunds);
        assert.equal(pay, paid.payAmountCents);
        assert.equal(balance, balanceCents);
        assert.equal(shipping, paid.shippingFeeCents);
        assert.equal(spent, paid.goodsAmountCents - paid.couponPaidCents);
        assert.deepEqual(
          refunds.map(({ whole }) => whole),
          split.map((_, index) => index === split.length - 1),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it("never refunds a negative part, nor more of a line than it cost", () => {
    fc.assert(
      fc.property(splitOrder, ({ paid, split }) => {
        for (const refund of refundAll(paid, split)) {
          const cost = refund.lines.reduce((sum, l) => sum + l.quantity * l.unitPriceCents, 0n);
          assert.ok(refund.payAmountCents >= 0n && refund.balanceCents >= 0n);
          assert.ok(refund.spentCents >= 0n && refund.spentCents <= cost);
        }
      }),
    );
  });

  it("refunds all that is left after partial refunds", () => {
    const paid = order();
    const [, rest] = refundAll(paid, [[{ goodsId: 1n, quantity: 2n, unitPriceCents: 0n }], []]);
    assert.deepEqual(rest?.lines, [
      { goodsId: 1n, quantity: 1n, unitPriceCents: 333n },
      { goodsId: 2n, quantity: 1n, unitPriceCents: 1n },
    ]);
    assert.equal(rest?.whole, true);
  });

  it("refuses goods and quantities that are not left to refund", () => {
    const refused = (wanted: OrderLine[]) =>
      assert.throws(
        () => planRefund(order(), noRefunds, only(wanted)),
        (error) => error instanceof Refusal && error.reason === Reason.INVALID_ARGUMENT,
      );
    refused([{ goodsId: 1n, quantity: 4n, unitPriceCents: 333n }]);
    refused([{ goodsId: 9n, quantity: 1n, unitPriceCents: 333n }]);
  });

  it("refuses a refund of an order that is refunded whole", () => {
    const quantities = new Map([
      [1n, 3n],
      [2n, 1n],
    ]);
    assert.throws(
      () => planRefund(order(), { ...noRefunds, quantities, payAmountCents: 1_500n }, only([])),
      (error) => error instanceof Refusal && error.reason === Reason.ORDER_STATE_INVALID,
    );
  });

  it("refunds goods that a coupon paid for in full without money", () => {
    const free = order({ couponPaidCents: 1_000n, shippingFeeCents: 0n, payAmountCents: 0n });
    const refund = planRefund(free, noRefunds, only([]));
    assert.deepEqual([refund.payAmountCents, refund.balanceCents, refund.whole], [0n, 0n, true]);
  });

  it("is whole once no goods are left, free ones included", () => {
    const paid = order({
      lines: [
        { goodsId: 1n, quantity: 1n, unitPriceCents: 1_000n },
        { goodsId: 2n, quantity: 2n, unitPriceCents: 0n },
      ],
    });
    const steps = [[{ goodsId: 1n, quantity: 1n, unitPriceCents: 0n }], []];
    const [goods, gift] = refundAll(paid, steps);
    assert.deepEqual(
      [goods?.payAmountCents, goods?.shippingCents, goods?.whole],
      [900n, 0n, false],
    );
    assert.deepEqual([gift?.payAmountCents, gift?.balanceCents], [600n, 400n]);
    assert.deepEqual([gift?.shippingCents, gift?.spentCents, gift?.whole], [1_000n, 0n, true]);
  });

  it("refunds an order of free goods: its shipping fee with the last of them", () => {
    const lines = [{ goodsId: 1n, quantity: 2n, unitPriceCents: 0n }];
    const amounts = { goodsAmountCents: 0n, couponPaidCents: 0n, payAmountCents: 1_000n };
    const one = [{ goodsId: 1n, quantity: 1n, unitPriceCents: 0n }];
    const [first, last] = refundAll(order({ lines, ...amounts }), [one, []]);
    assert.deepEqual([first?.payAmountCents, first?.balanceCents, first?.whole], [0n, 0n, false]);
    assert.deepEqual([last?.payAmountCents, last?.balanceCents, last?.whole], [1_000n, 0n, true]);
  });

  it("looks an earlier request up only by a key that a request can have", () => {
    const request = { requestId: "r1", orderId: 1n };
    assert.equal(hasRefundKey(request), true);
    for (const bad of [{ requestId: "\u{1f375}" }, { requestId: "" }, { orderId: 0n }]) {
      assert.equal(hasRefundKey({ ...request, ...bad }), false);
    }
  });

  const refusedGoodwill = (paid: PaidOrder, steps: Step[], most: bigint) =>
    assert.throws(
      () => refundEach(paid, steps),
      (error) =>
        error instanceof Refusal &&
        error.reason === Reason.INVALID_ARGUMENT &&
        JSON.stringify(error.violations).includes(`must be at most ${most}`),
    );

  it("adds up to exactly what was paid with goodwill between the refunds of lines", () => {
    const share = fc.array(fc.nat(1_000), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(splitOrder, share, ({ paid, balanceCents, split }, shares) => {
        const all = paid.payAmountCents + balanceCents;
        let given = 0n;
        const steps = split.flatMap((lines, index) => {
          const done = refundEach(paid, split.slice(0, index).map(only));
          const { pay, balance } = sumOf(done);
          const free = all - pay - balance - given;
          const goodwillCents = free > 0n ? (free * BigInt(shares[index] ?? 0)) / 1_000n : 0n;
          given += goodwillCents;
          return goodwillCents > 0n ? [{ lines: [], goodwillCents }, only(lines)] : [only(lines)];
        });
        const refunds = refundEach(paid, steps);
        const sums = sumOf(refunds);
        assert.equal(sums.pay, paid.payAmountCents);
        assert.equal(sums.balance, balanceCents);
        assert.equal(sums.shipping, paid.shippingFeeCents);
        assert.equal(sums.spent, paid.goodsAmountCents - paid.couponPaidCents);
        for (const [index, refund] of refunds.entries()) {
          const parts = [refund.payAmountCents, refund.balanceCents, refund.spentCents];
          assert.ok([...parts, refund.shippingCents].every((part) => part >= 0n));
          assert.equal(refund.whole, index === refunds.length - 1);
          const value = refund.payAmountCents + refund.balanceCents;
          assert.equal(value, refund.spentCents + refund.shippingCents);
          if (refund.goodwillCents > 0n) assert.equal(value, refund.goodwillCents);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives goodwill through the provider first, and reduces later refunds by it", () => {
    const last = [{ goodsId: 1n, quantity: 3n, unitPriceCents: 333n }];
    const steps = [{ lines: [], goodwillCents: 1_600n }, only(last), only([])];
    const [goodwill, lines, rest] = refundEach(order(), steps);
    assert.deepEqual(goodwill, {
      lines: [],
      payAmountCents: 1_500n,
      balanceCents: 100n,
      goodwillCents: 1_600n,
      shippingCents: 700n,
      spentCents: 900n,
      whole: false,
    });
    assert.deepEqual([lines?.balanceCents, lines?.whole], [300n, false]);
    assert.deepEqual([rest?.balanceCents, rest?.payAmountCents, rest?.whole], [0n, 0n, true]);
  });

  it("refuses goodwill above what is left of the payment", () => {
    const one = { goodsId: 1n, quantity: 3n, unitPriceCents: 333n };
    refusedGoodwill(order(), [{ lines: [], goodwillCents: 1_901n }], 1_900n);
    refusedGoodwill(order(), [{ lines: [one], goodwillCents: 1_001n }], 1_000n);
    const earlier = { lines: [], goodwillCents: 1_000n };
    refusedGoodwill(order(), [earlier, { lines: [], goodwillCents: 901n }], 900n);
  });
});

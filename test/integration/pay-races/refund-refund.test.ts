import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { type Order, OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { answerTo } from "../../../testbed/orders/shoppers.ts";
import {
  BALANCE_CENTS,
  hasNoRefundUnderWay,
  openRaceShop,
  PAY_CENTS,
  paymentsAtProvider,
  type RaceOrder,
  type RaceShop,
} from "./race-shop.ts";
import { evenStart, RACE_MS, rounds } from "./rounds.ts";

type Line = { goodsId: bigint; quantity: bigint };

/** The share of 14.00 of 25.00 of goods, for which 20.00 were paid. */
const FIRST_LINE_CENTS = 1_120n;

describe("refunding while refunding", () => {
  let races: RaceShop;
  before(async function () {
    this.timeout(90_000);
    races = await openRaceShop();
  });
  after(() => races?.shop.stop());

  const refund = ({ order: { orderId } }: RaceOrder, lines: Line[] = []) =>
    answerTo(
      races.shop.admin.order.refundOrder({ requestId: newKey(), orderId, lines, note: "race" }),
    );
  const firstLine = (): Line[] => [{ goodsId: races.goodsIds[0], quantity: 2n }];
  const refundedBy = ({ refunds }: Order) => {
    return {
      provider: refunds.reduce((sum, { payAmountCents }) => sum + payAmountCents, 0n),
      balance: refunds.reduce((sum, { balanceCents }) => sum + balanceCents, 0n),
      units: refunds.flatMap(({ lines }) => lines).reduce((sum, l) => sum + l.quantity, 0n),
    };
  };
  const everything = { provider: PAY_CENTS, balance: BALANCE_CENTS, units: 3n };

  async function assertRefundedWhole(raceOrder: RaceOrder, refunds: number): Promise<void> {
    const end = await races.when(raceOrder, hasNoRefundUnderWay);
    assert.deepEqual(
      [end.orderStatus, end.payStatus, end.refunds.length],
      [OrderStatus.REFUNDED, PayStatus.REFUNDED, refunds],
    );
    assert.deepEqual(refundedBy(end), everything);
    await races.settled(raceOrder, "refunded");
  }

  it("refunds nothing twice, and everything to the cent if one is partial", async function () {
    this.timeout(RACE_MS);
    const starts = { all: evenStart(), line: evenStart(), part: evenStart() };
    const expected = new Map<string, bigint>();
    await rounds(async (round) => {
      const raceOrder = await races.newPaidOrder();
      const kind = (["all", "line", "part"] as const)[round % 3] ?? "all";
      const start = starts[kind];
      const first = kind === "line" ? firstLine() : [];
      const second = kind === "all" ? [] : firstLine();
      const answers = await start.race(
        () => refund(raceOrder, first),
        () => refund(raceOrder, second),
        // A partial refund and one of the rest both succeed if the partial one comes first.
        (_, { order }) => (order ? 1 : 0),
      );
      const [one, other] = answers.map(({ refusal }) => refusal?.reason);
      if (kind === "part") {
        // The refund of all that is left always succeeds; the partial one may be too late.
        assert.equal(one, undefined);
        assert.ok(other === undefined || other === Reason.ORDER_STATE_INVALID, String(other));
        await assertRefundedWhole(raceOrder, other === undefined ? 2 : 1);
      } else {
        const refused = kind === "all" ? Reason.ORDER_STATE_INVALID : Reason.INVALID_ARGUMENT;
        assert.deepEqual([one, other].sort(), [refused, undefined]);
        if (kind === "all") await assertRefundedWhole(raceOrder, 1);
      }
      if (kind === "line") {
        const end = await races.when(raceOrder, hasNoRefundUnderWay);
        assert.equal(end.payStatus, PayStatus.PARTIALLY_REFUNDED);
        assert.deepEqual(refundedBy(end), { provider: FIRST_LINE_CENTS, balance: 0n, units: 2n });
      }
      const cents = kind === "line" ? FIRST_LINE_CENTS : PAY_CENTS;
      expected.set(String(raceOrder.payment.paymentId), cents);
    });
    const payments = await paymentsAtProvider(races.shop);
    for (const [key, cents] of expected)
      assert.equal(payments.get(key), `paid, ${cents} refunded`, key);
    for (const [kind, { wins }] of Object.entries(starts)) {
      console.log(`      ${kind}: the first won ${wins[0]} times, the second ${wins[1]} times`);
      assert.ok(
        wins.every((times) => times > 0),
        `${kind}: each of them wins at times`,
      );
    }
    await auditIsClean(races.shop);
  });
});

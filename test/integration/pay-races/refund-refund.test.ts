import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { type Order, OrderStatus, PayStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { answerTo } from "../../../testbed/orders/shoppers.ts";
import {
  type Arena,
  BALANCE_CENTS,
  type Contest,
  isThrough,
  ledgerOf,
  openArena,
  PAY_CENTS,
} from "./arena.ts";
import { evenStart, RACE_MS, rounds } from "./rounds.ts";

type Line = { goodsId: bigint; quantity: bigint };

/** 14.00 of 25.00 of goods, of which 20.00 were paid. */
const FIRST_LINE_CENTS = 1_120n;

describe("refunding against refunding", () => {
  let arena: Arena;
  before(async function () {
    this.timeout(90_000);
    arena = await openArena();
  });
  after(() => arena?.shop.stop());

  const refund = ({ order: { orderId } }: Contest, lines: Line[] = []) =>
    answerTo(
      arena.shop.admin.order.refundOrder({ requestId: newKey(), orderId, lines, note: "race" }),
    );
  const firstLine = (): Line[] => [{ goodsId: arena.goodsIds[0], quantity: 2n }];
  const back = ({ refunds }: Order) => {
    return {
      platform: refunds.reduce((sum, { payAmountCents }) => sum + payAmountCents, 0n),
      balance: refunds.reduce((sum, { balanceCents }) => sum + balanceCents, 0n),
      units: refunds.flatMap(({ lines }) => lines).reduce((sum, l) => sum + l.quantity, 0n),
    };
  };
  const everything = { platform: PAY_CENTS, balance: BALANCE_CENTS, units: 3n };

  async function whole(contest: Contest, refunds: number): Promise<void> {
    const end = await arena.when(contest, isThrough);
    assert.deepEqual(
      [end.orderStatus, end.payStatus, end.refunds.length],
      [OrderStatus.REFUNDED, PayStatus.REFUNDED, refunds],
    );
    assert.deepEqual(back(end), everything);
    await arena.settled(contest, "shipping fee's points");
  }

  it("has one winner where both want all, or the same goods, and gives back all to the cent where one wants a part", async function () {
    this.timeout(RACE_MS);
    const starts = { all: evenStart(), line: evenStart(), part: evenStart() };
    const due = new Map<string, bigint>();
    await rounds(async (round) => {
      const contest = await arena.enterPaid();
      const kind = (["all", "line", "part"] as const)[round % 3] ?? "all";
      const start = starts[kind];
      const first = kind === "line" ? firstLine() : [];
      const second = kind === "all" ? [] : firstLine();
      const answers = await start.race(
        () => refund(contest, first),
        () => refund(contest, second),
        // Of two that want a part and all, both may have it: then the part came first.
        (_, { order }) => (order ? 1 : 0),
      );
      const [one, other] = answers.map(({ refusal }) => refusal?.reason);
      if (kind === "part") {
        // Whoever wants all gets what is left; whoever wants a part may be too late.
        assert.equal(one, undefined);
        assert.ok(other === undefined || other === Reason.ORDER_STATE_INVALID, String(other));
        await whole(contest, other === undefined ? 2 : 1);
      } else {
        const refused = kind === "all" ? Reason.ORDER_STATE_INVALID : Reason.INVALID_ARGUMENT;
        assert.deepEqual([one, other].sort(), [refused, undefined]);
        if (kind === "all") await whole(contest, 1);
      }
      if (kind === "line") {
        const end = await arena.when(contest, isThrough);
        assert.equal(end.payStatus, PayStatus.PARTIALLY_REFUNDED);
        assert.deepEqual(back(end), { platform: FIRST_LINE_CENTS, balance: 0n, units: 2n });
      }
      const platform = kind === "line" ? FIRST_LINE_CENTS : PAY_CENTS;
      due.set(String(contest.payment.paymentId), platform);
    });
    const ledger = await ledgerOf(arena.shop);
    for (const [key, cents] of due) assert.equal(ledger.get(key), `paid, ${cents} back`, key);
    for (const [kind, { wins }] of Object.entries(starts)) {
      console.log(`      ${kind}: the one won ${wins[0]} times, the other ${wins[1]} times`);
      assert.ok(
        wins.every((times) => times > 0),
        `${kind}: neither always wins`,
      );
    }
    await auditIsClean(arena.shop);
  });
});

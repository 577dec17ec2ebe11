import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { PayStatus, ShippingStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { answerTo } from "../../../testbed/orders/shoppers.ts";
import { type Arena, type Contest, isThrough, openArena } from "./arena.ts";
import { evenStart, RACE_MS, rounds } from "./rounds.ts";

describe("refunding against shipping", () => {
  let arena: Arena;
  before(async function () {
    this.timeout(90_000);
    arena = await openArena();
  });
  after(() => arena?.shop.stop());

  const refund = (
    { order: { orderId } }: Contest,
    lines: { goodsId: bigint; quantity: bigint }[],
  ) =>
    answerTo(
      arena.shop.admin.order.refundOrder({ requestId: newKey(), orderId, lines, note: "race" }),
    );
  const ship = ({ order: { orderId } }: Contest) =>
    answerTo(arena.shop.admin.order.shipOrder({ orderId, trackingNumber: "T1" }));

  /** How the money stood when the goods went out; undefined where they did not. */
  async function shippedWhile({ order: { orderId } }: Contest): Promise<PayStatus | undefined> {
    const { entries } = await arena.shop.admin.order.listOrderHistory({ orderId });
    return entries.find(({ shippingStatus }) => shippingStatus === ShippingStatus.SHIPPED)
      ?.payStatus;
  }

  it("ships before the refund or not at all, and never while one is under way", async function () {
    this.timeout(RACE_MS);
    const starts = { all: evenStart(), part: evenStart() };
    await rounds(async (round) => {
      const contest = await arena.enterPaid();
      const kind = round % 2 === 0 ? "all" : "part";
      const lines = kind === "all" ? [] : [{ goodsId: arena.goodsIds[1], quantity: 1n }];
      const [refunding, shipping] = await starts[kind].race(
        () => refund(contest, lines),
        () => ship(contest),
        async () => ((await shippedWhile(contest)) === PayStatus.PAID ? 1 : 0),
      );
      assert.ok(refunding.order, "a refund is allowed before shipping and after it");
      const end = await arena.when(contest, isThrough);
      const shipped = await shippedWhile(contest);
      assert.equal(end.shippingStatus === ShippingStatus.SHIPPED, shipping.order !== undefined);
      assert.equal(shipped !== undefined, shipping.order !== undefined);
      if (shipping.refusal) assert.equal(shipping.refusal.reason, Reason.ORDER_STATE_INVALID);
      // The rest of an order may go out as soon as its part is back.
      const allowed: PayStatus[] = [
        PayStatus.PAID,
        ...(kind === "part" ? [PayStatus.PARTIALLY_REFUNDED] : []),
      ];
      assert.ok(shipped === undefined || allowed.includes(shipped), `shipped while ${shipped}`);
      assert.equal(
        end.payStatus,
        kind === "all" ? PayStatus.REFUNDED : PayStatus.PARTIALLY_REFUNDED,
      );
      if (kind === "all") await arena.settled(contest, "shipping fee's points");
    });
    for (const [kind, { wins }] of Object.entries(starts)) {
      console.log(`      ${kind}: refunded first ${wins[0]} times, shipped first ${wins[1]} times`);
      assert.ok(
        wins.every((times) => times > 0),
        `${kind}: neither always wins`,
      );
    }
    await auditIsClean(arena.shop);
  });
});

import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { PayStatus, ShippingStatus } from "#proto/shop/order/v1/order_pb.ts";
import { auditIsClean } from "../../../testbed/orders/audit.ts";
import { newKey } from "../../../testbed/orders/fixtures.ts";
import { answerTo } from "../../../testbed/orders/shoppers.ts";
import { hasNoRefundUnderWay, openRaceShop, type RaceOrder, type RaceShop } from "./race-shop.ts";
import { evenStart, RACE_MS, rounds } from "./rounds.ts";

describe("refunding while shipping", () => {
  let races: RaceShop;
  before(async function () {
    this.timeout(90_000);
    races = await openRaceShop();
  });
  after(() => races?.shop.stop());

  const refund = (
    { order: { orderId } }: RaceOrder,
    lines: { goodsId: bigint; quantity: bigint }[],
  ) =>
    answerTo(
      races.shop.admin.order.refundOrder({ requestId: newKey(), orderId, lines, note: "race" }),
    );
  const ship = ({ order: { orderId } }: RaceOrder) =>
    answerTo(races.shop.admin.order.shipOrder({ orderId, trackingNumber: "T1" }));

  /** The pay status of the order when it was shipped; undefined if it was not shipped. */
  async function payStatusAtShipping({
    order: { orderId },
  }: RaceOrder): Promise<PayStatus | undefined> {
    const { entries } = await races.shop.admin.order.listOrderHistory({ orderId });
    return entries.find(({ shippingStatus }) => shippingStatus === ShippingStatus.SHIPPED)
      ?.payStatus;
  }

  it("ships before or after the refund, and never while it is under way", async function () {
    this.timeout(RACE_MS);
    const starts = { all: evenStart(), part: evenStart() };
    await rounds(async (round) => {
      const raceOrder = await races.newPaidOrder();
      const kind = round % 2 === 0 ? "all" : "part";
      const lines = kind === "all" ? [] : [{ goodsId: races.goodsIds[1], quantity: 1n }];
      const [refunding, shipping] = await starts[kind].race(
        () => refund(raceOrder, lines),
        () => ship(raceOrder),
        async () => ((await payStatusAtShipping(raceOrder)) === PayStatus.PAID ? 1 : 0),
      );
      assert.ok(refunding.order, "a refund is allowed before shipping and after it");
      const end = await races.when(raceOrder, hasNoRefundUnderWay);
      const shipped = await payStatusAtShipping(raceOrder);
      assert.equal(end.shippingStatus === ShippingStatus.SHIPPED, shipping.order !== undefined);
      assert.equal(shipped !== undefined, shipping.order !== undefined);
      if (shipping.refusal) assert.equal(shipping.refusal.reason, Reason.ORDER_STATE_INVALID);
      // The rest of an order may be shipped once a partial refund has finished.
      const allowed: PayStatus[] = [
        PayStatus.PAID,
        ...(kind === "part" ? [PayStatus.PARTIALLY_REFUNDED] : []),
      ];
      assert.ok(
        shipped === undefined || allowed.includes(shipped),
        `shipped in pay status ${shipped}`,
      );
      assert.equal(
        end.payStatus,
        kind === "all" ? PayStatus.REFUNDED : PayStatus.PARTIALLY_REFUNDED,
      );
      if (kind === "all") await races.settled(raceOrder, "refunded");
    });
    for (const [kind, { wins }] of Object.entries(starts)) {
      console.log(`      ${kind}: refunded first ${wins[0]} times, shipped first ${wins[1]} times`);
      assert.ok(
        wins.every((times) => times > 0),
        `${kind}: each of them wins at times`,
      );
    }
    await auditIsClean(races.shop);
  });
});

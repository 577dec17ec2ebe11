import { timestampDate } from "@bufbuild/protobuf/wkt";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import type { Order } from "#proto/shop/order/v1/order_pb.ts";
import { until } from "./follow.ts";
import type { Demo } from "./prepare.ts";
import { enumText, stateOf } from "./story.ts";

/** Shows each version of the order: when, which state, by whom and why. */
export async function showHistory({ shopper, story }: Demo, { orderId }: Order): Promise<void> {
  story.chapter("The history of the order: time, state, actor and cause");
  const { entries } = await shopper.order.listOrderHistory({ orderId });
  for (const entry of entries) {
    const time = entry.time ? timestampDate(entry.time).toISOString().slice(11, 23) : "";
    const detail = entry.detail === "" ? "" : ` (${entry.detail})`;
    story.line(`${time}  ${stateOf(entry).padEnd(30)} ${entry.actor}, ${entry.cause}${detail}`);
  }
}

/** Shows what the order and its refund left in each service. */
export async function showResult(demo: Demo, { orderId, lines }: Order): Promise<void> {
  const { admin, shopper, userId, couponId, goods, story, money } = demo;
  story.chapter("The result in each service");
  const goodsId = lines[0]?.goodsId ?? 0n;
  const stockLog = await until(
    "the stock of the refunded line",
    () => admin.goods.listStockLog({ goodsId, pageSize: 100 }),
    ({ entries: [latest] }) => latest?.orderId !== orderId || latest.delta > 0n,
  );
  const moves = stockLog.entries.filter((entry) => entry.orderId === orderId).reverse();
  story.line(`stock of ${goods[0]?.name}: ${moves.map(({ delta }) => signed(delta)).join(", ")}`);
  const pointLog = await until(
    "the points of the refund",
    () => shopper.user.listPointLog({ userId }),
    ({ entries }) => entries.length > 1,
  );
  const { user } = await shopper.user.getUser({ userId });
  const changes = pointLog.entries.map(({ points }) => signed(points)).reverse();
  const balance = money(user?.balanceCents ?? 0n);
  story.line(`points: ${user?.points} (${changes.join(", ")}); balance: ${balance}`);
  const { coupon } = await shopper.coupon.getCoupon({ couponId });
  const status = enumText(CouponStatus, coupon?.status ?? 0);
  story.line(`coupon: ${status}; a refund of the whole order releases it`);
  const { payments } = await shopper.pay.listPayments({ orderId });
  for (const { paymentId, amountCents, refundedCents } of payments) {
    const [paid, refunded] = [money(amountCents), money(refundedCents)];
    story.line(`payment ${paymentId}: ${paid} paid, ${refunded} refunded`);
  }
}

function signed(change: bigint): string {
  return change > 0n ? `+${change}` : String(change);
}

// `npm run demo`: one order from the registration to a refund, against a shop that runs, told step by step.

import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { signToken } from "#platform/rpc/tokens.ts";
import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { Outage, Refusal } from "#platform/values/refusal.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { CouponStatus } from "#proto/shop/coupon/v1/coupon_pb.ts";
import type { Goods } from "#proto/shop/goods/v1/goods_pb.ts";
import { type Order, OrderStatus, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { checkRunning, ShopTrouble } from "../testbed/calls/administrator.ts";
import { CheckoutTrouble, payInBrowser } from "./demo/checkout.ts";
import { followOrder, TooLate, until } from "./demo/follow.ts";
import { type Shop, shopAs } from "./demo/shop.ts";
import { money, type Story, story, word } from "./demo/story.ts";

const USAGE = `Shows one order from the registration to a refund, step by step.

  npm run demo

The shop has to run: npm start, in another terminal. It finds it by the same settings.`;

const TOKEN_SECONDS = 600;
const BALANCE_CENTS = 2_000n;
const SPENT_BALANCE_CENTS = 1_500n;
const COUPON_CENTS = 500n;
const COUPON_FROM_CENTS = 3_000n;
const RETURN_URL = "http://localhost/thanks";

type Demo = {
  admin: Shop;
  shopper: Shop;
  userId: bigint;
  couponId: bigint;
  goods: Goods[];
  told: Story;
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const settings = readSettings(process.env, (read) => clientSettings(read, SERVICES));
  if (settings.env === "production") {
    throw new ShopTrouble("production gets no shoppers that are not real");
  }
  const adminToken = await signToken(settings.tokens, {
    role: "admin",
    subject: "demo",
    ttlSeconds: TOKEN_SECONDS,
  });
  const admin = shopAs(settings, adminToken);
  try {
    await checkRunning(admin, settings, { paying: true });
    await tell(settings, admin);
  } finally {
    admin.close();
  }
}

async function tell(settings: ClientSettings<ServiceName>, admin: Shop): Promise<void> {
  const demo = await welcome(settings, admin);
  try {
    const order = await placeOrder(demo);
    await payOrder(demo, order);
    await refundLine(demo, order);
    await showHistory(demo, order);
    await showEnd(demo, order);
  } finally {
    demo.shopper.close();
  }
}

async function welcome(settings: ClientSettings<ServiceName>, admin: Shop): Promise<Demo> {
  const told = story();
  told.chapter("A shopper registers and logs in");
  const userName = `demo-${randomBytes(3).toString("hex")}`;
  const password = randomBytes(12).toString("base64url");
  const anybody = shopAs(settings);
  const registered = await anybody.user.register({ userName, password, mobile: "" });
  const userId = registered.user?.userId ?? 0n;
  const { accessToken } = await anybody.user.login({ userName, password });
  anybody.close();
  told.tell(`${userName} is user ${userId}`);

  told.chapter("An administrator gives her a balance and a coupon");
  const topUp = { requestId: `${userName}-balance`, userId, amountCents: BALANCE_CENTS };
  await admin.user.topUpBalance(topUp);
  told.tell(`balance ${money(BALANCE_CENTS)}`);
  const { coupon } = await admin.coupon.issueCoupon({
    requestId: `${userName}-coupon`,
    userId,
    discount: {
      kind: { case: "amountOffCents", value: COUPON_CENTS },
      minimumGoodsAmountCents: COUPON_FROM_CENTS,
    },
  });
  const couponId = coupon?.couponId ?? 0n;
  told.tell(`coupon ${couponId}: ${money(COUPON_CENTS)} off, from ${money(COUPON_FROM_CENTS)} on`);
  const goods = await choose(admin);
  return { admin, shopper: shopAs(settings, accessToken), userId, couponId, goods, told };
}

/** Two goods that are there, together dear enough for the coupon. */
async function choose({ goods: catalogue }: Shop): Promise<Goods[]> {
  const { goods } = await catalogue.listGoods({ pageSize: 100 });
  const inStock = goods.filter(({ stock }) => stock >= 2n);
  const dear = inStock.find(({ unitPriceCents }) => unitPriceCents >= COUPON_FROM_CENTS);
  const cheap = inStock.find((item) => item !== dear && item.unitPriceCents > 0n);
  if (dear && cheap) return [cheap, dear];
  throw new ShopTrouble("the shop has too little in stock for an order: npm run seed");
}

async function placeOrder({ shopper, userId, couponId, goods, told }: Demo): Promise<Order> {
  told.chapter("She asks what an order costs, and places it");
  const wanted = goods.map(({ goodsId }, index) => ({ goodsId, quantity: BigInt(2 - index) }));
  const balanceCents = SPENT_BALANCE_CENTS;
  const quote = await shopper.order.quoteOrder({ lines: wanted, couponId, balanceCents });
  for (const [index, { quantity, unitPriceCents }] of quote.lines.entries()) {
    told.tell(`${quantity} x ${goods[index]?.name} at ${money(unitPriceCents)}`);
  }
  told.tell(
    `goods ${money(quote.goodsAmountCents)} + shipping ${money(quote.shippingFeeCents)} - coupon ${money(quote.couponPaidCents)} - balance ${money(quote.balancePaidCents)} = ${money(quote.payAmountCents)} to pay`,
  );
  const { order } = await shopper.order.placeOrder({
    requestId: `demo-${userId}`,
    lines: quote.lines,
    address: { consignee: "Ada", mobile: "+49 30 1234567", text: "1 Harbour Street" },
    shippingFeeCents: quote.shippingFeeCents,
    orderAmountCents: quote.orderAmountCents,
    couponId,
    balanceCents,
  });
  if (!order) throw new ShopTrouble("the order service answered without an order");
  told.tell(`order ${order.orderId} is ${stateOf(order)}: stock, coupon and balance are hers`);
  return order;
}

async function payOrder({ shopper, userId, told }: Demo, { orderId }: Order): Promise<void> {
  told.chapter("She pays at the sandbox platform, as in a browser");
  const { payment } = await shopper.pay.createPayment({
    orderId,
    provider: "sandbox",
    returnUrl: RETURN_URL,
  });
  told.tell(`payment ${payment?.paymentId} is open; the shop sends her to`);
  told.tell(payment?.checkoutUrl ?? "");
  const { label, next } = await payInBrowser(payment?.checkoutUrl ?? "");
  told.tell(`she presses "${label}" and is sent back to ${next}`);
  await followOrder(shopper, orderId, {
    until: ({ payStatus }) => payStatus === PayStatus.PAID,
    onChange: (order) => told.tell(`order: ${stateOf(order)}`),
  });
  told.tell("the platform has called back, and the rest followed from events");
  const ask = async () => (await shopper.user.getUser({ userId })).user?.points ?? 0n;
  const points = await until("the points", ask, (found) => found > 0n);
  told.tell(`${points} points, one for each full 1.00 that she spent`);
}

async function refundLine({ admin, shopper, goods, told }: Demo, order: Order): Promise<void> {
  const [line] = order.lines;
  told.chapter(`An administrator refunds one line: ${line?.quantity} x ${goods[0]?.name}`);
  await admin.order.refundOrder({
    requestId: `demo-${order.orderId}`,
    orderId: order.orderId,
    lines: order.lines.slice(0, 1),
    note: "the lid does not close",
  });
  told.tell("asked for");
  const after = await followOrder(shopper, order.orderId, {
    until: ({ refunds }) => refunds.some(({ status }) => status !== RefundStatus.REQUESTED),
    onChange: (now) => told.tell(`order: ${stateOf(now)}`),
  });
  for (const { status, payAmountCents, balanceCents } of after.refunds) {
    const parts = `${money(payAmountCents)} through the platform, ${money(balanceCents)} to the balance`;
    told.tell(`refund ${word(RefundStatus, status)}: ${parts}`);
    if (status === RefundStatus.FAILED) throw new ShopTrouble("the platform refused the refund");
  }
}

async function showHistory({ shopper, told }: Demo, { orderId }: Order): Promise<void> {
  told.chapter("The order's history: when, what, by whom and why");
  const { entries } = await shopper.order.listOrderHistory({ orderId });
  for (const entry of entries) {
    const time = entry.time ? timestampDate(entry.time).toISOString().slice(11, 23) : "";
    const detail = entry.detail === "" ? "" : ` (${entry.detail})`;
    told.tell(`${time}  ${stateOf(entry).padEnd(30)} ${entry.actor}, ${entry.cause}${detail}`);
  }
}

async function showEnd(demo: Demo, { orderId, lines }: Order): Promise<void> {
  const { admin, shopper, userId, couponId, goods, told } = demo;
  told.chapter("What is left of it");
  const goodsId = lines[0]?.goodsId ?? 0n;
  const log = await until(
    "the stock",
    () => admin.goods.listStockLog({ goodsId, pageSize: 100 }),
    ({ entries: [latest] }) => latest?.orderId !== orderId || latest.delta > 0n,
  );
  const moves = log.entries.filter((entry) => entry.orderId === orderId).reverse();
  told.tell(`stock of ${goods[0]?.name}: ${moves.map(({ delta }) => signed(delta)).join(", ")}`);
  const { entries } = await until(
    "the points that are taken back",
    () => shopper.user.listPointLog({ userId }),
    (log) => log.entries.length > 1,
  );
  const { user } = await shopper.user.getUser({ userId });
  const changes = entries.map(({ points }) => signed(points)).reverse();
  told.tell(
    `points: ${user?.points} (${changes.join(", ")}); balance: ${money(user?.balanceCents ?? 0n)}`,
  );
  const { coupon } = await shopper.coupon.getCoupon({ couponId });
  told.tell(
    `coupon: ${word(CouponStatus, coupon?.status ?? 0)}; it comes back with the last refund`,
  );
  const { payments } = await shopper.pay.listPayments({ orderId });
  for (const { paymentId, amountCents, refundedCents } of payments) {
    told.tell(`payment ${paymentId}: ${money(amountCents)} paid, ${money(refundedCents)} refunded`);
  }
}

function signed(change: bigint): string {
  return change > 0n ? `+${change}` : String(change);
}

function stateOf({ orderStatus, payStatus }: Pick<Order, "orderStatus" | "payStatus">): string {
  return `${word(OrderStatus, orderStatus)}, ${word(PayStatus, payStatus)}`;
}

main().catch((error: Error) => {
  const known = [ShopTrouble, CheckoutTrouble, TooLate, Outage, Refusal, SettingsError, TypeError];
  const isKnown = known.some((kind) => error instanceof kind);
  console.error(isKnown ? `\n${error.message}` : error);
  process.exitCode = error instanceof SettingsError ? 2 : 1;
});

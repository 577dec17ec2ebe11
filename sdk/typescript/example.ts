// A shopper's way through the shop, with Connect-Web. It runs in Node. Except for `pay`, which
// submits the form of another page, it also runs in a browser.

import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { ErrorInfoSchema, Reason } from "./gen/shop/common/v1/error_pb.js";
import { Availability, type Goods, GoodsService } from "./gen/shop/goods/v1/goods_pb.js";
import { OrderService, OrderStatus, PayStatus } from "./gen/shop/order/v1/order_pb.js";
import { PayService } from "./gen/shop/pay/v1/pay_pb.js";
import { UserService } from "./gen/shop/user/v1/user_pb.js";

// `process` exists in Node but not in a browser.
const { process } = globalThis as { process?: { env: Record<string, string | undefined> } };
const shopUrl = process?.env.SHOP_URL ?? "http://127.0.0.1:50050";
const currency = process?.env.SHOP_CURRENCY || "EUR";

// Currencies of ISO 4217 whose minor unit is not the hundredth part.
const WITHOUT_PLACES = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE_PLACES = "BHD IQD JOD KWD LYD OMR TND";

let accessToken = "";
/** More than the shop has of anything. */
const TOO_MUCH = 1_000_000n;

const signed: Interceptor = (next) => (request) => {
  if (accessToken !== "") request.header.set("authorization", `Bearer ${accessToken}`);
  return next(request);
};
const transport = createConnectTransport({ baseUrl: shopUrl, interceptors: [signed] });
const users = createClient(UserService, transport);
const catalogue = createClient(GoodsService, transport);
const orders = createClient(OrderService, transport);
const payments = createClient(PayService, transport);

await signIn();
const goods = await choose();
await askForTooMuch(goods);
const orderId = await order(goods);
await pay(orderId);
await watch(orderId);
await showPoints();

async function signIn(): Promise<void> {
  const userName = `sdk-ts-${crypto.randomUUID().slice(0, 8)}`;
  const password = crypto.randomUUID();
  const { user } = await users.register({ userName, password });
  accessToken = (await users.login({ userName, password })).accessToken;
  console.log(`${userName} is user ${user?.userId}, and signed in`);
}

async function choose(): Promise<Goods> {
  const { goods } = await catalogue.listGoods({ pageSize: 100 });
  for (const { name, unitPriceCents, availability } of goods) {
    const stock = availability === Availability.OUT_OF_STOCK ? "sold out" : "in stock";
    console.log(`  ${money(unitPriceCents)}  ${name}, ${stock}`);
  }
  const chosen = goods.find(({ availability }) => availability === Availability.IN_STOCK);
  if (!chosen) throw new Error("the shop is sold out");
  return chosen;
}

/** A refused call says why in a detail of its error, which a program can act on. */
async function askForTooMuch({ goodsId }: Goods): Promise<void> {
  try {
    await orders.quoteOrder({ lines: [{ goodsId, quantity: TOO_MUCH }] });
  } catch (error) {
    const [info] = ConnectError.from(error).findDetails(ErrorInfoSchema);
    if (info?.reason !== Reason.STOCK_NOT_ENOUGH) throw error;
    console.log(`${TOO_MUCH} are refused: STOCK_NOT_ENOUGH, available ${info.metadata.available}`);
  }
}

/** Identifiers and cents are bigint, because a number cannot hold them exactly. */
async function order({ goodsId }: Goods): Promise<bigint> {
  const quote = await orders.quoteOrder({ lines: [{ goodsId, quantity: 2n }] });
  const { order } = await orders.placeOrder({
    // A retry with the same id and contents gets the same order.
    requestId: crypto.randomUUID(),
    lines: quote.lines,
    address: { consignee: "Ada", mobile: "+49 30 1234567", text: "1 Harbour Street" },
    shippingFeeCents: quote.shippingFeeCents,
    orderAmountCents: quote.orderAmountCents,
  });
  if (!order) throw new Error("the response has no order");
  console.log(`order ${order.orderId}: ${money(order.payAmountCents)} to pay`);
  return order.orderId;
}

/**
 * Submits the form of the checkout page. A shop page would go there:
 * `location.assign(checkoutUrl)`.
 */
async function pay(orderId: bigint): Promise<void> {
  const returnUrl = "http://localhost/thanks";
  const { payment } = await payments.createPayment({ orderId, provider: "sandbox", returnUrl });
  const checkoutUrl = payment?.checkoutUrl ?? "";
  const page = await (await fetch(checkoutUrl)).text();
  const form = /<form method="post" action="([^"]+)"/.exec(page)?.[1] ?? "";
  const answer = await fetch(new URL(form, checkoutUrl), { method: "POST", redirect: "manual" });
  console.log(`payment ${payment?.paymentId}: sent, the provider answers ${answer.status}`);
}

/** Each stream begins with the current order, so reopening it misses nothing. */
async function watch(orderId: bigint): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const leaving = new AbortController();
    try {
      for await (const { order } of orders.watchOrder({ orderId }, { signal: leaving.signal })) {
        if (!order) continue;
        const state = `${OrderStatus[order.orderStatus]}, ${PayStatus[order.payStatus]}`;
        console.log(`order ${orderId}: ${state}`);
        if (order.payStatus === PayStatus.PAID) return;
      }
    } catch (error) {
      // fetch reports a lost connection without a reason, which is UNKNOWN.
      const { code } = ConnectError.from(error);
      if (code !== Code.Unavailable && code !== Code.Unknown) throw error;
    } finally {
      // Without this, the connection would stay open.
      leaving.abort();
    }
  }
  throw new Error("the order was not paid in time");
}

/** Points are awarded a moment after the payment. */
async function showPoints(): Promise<void> {
  for (let attempt = 1; attempt <= 50; attempt += 1) {
    const { user } = await users.getUser({});
    if (user && user.points > 0n) {
      console.log(`points: ${user.points}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the points were not awarded in time");
}

/** Amounts are in the minor unit of the currency, which is not always the hundredth part. */
function money(amount: bigint): string {
  const places = WITHOUT_PLACES.includes(currency) ? 0 : THREE_PLACES.includes(currency) ? 3 : 2;
  const digits = String(amount).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return places === 0 ? whole : `${whole}.${digits.slice(-places)}`;
}

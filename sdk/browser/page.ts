// A small shop page: sign in, buy an item, choose how to pay, watch the order.

import { ConnectError } from "@connectrpc/connect";
import { amountText } from "../../platform/values/currencies.ts";
import type { Goods } from "../../proto/gen/shop/goods/v1/goods_pb.ts";
import {
  OrderStatusSchema,
  PayStatus,
  PayStatusSchema,
} from "../../proto/gen/shop/order/v1/order_pb.ts";
import type { Provider } from "../../proto/gen/shop/pay/v1/pay_pb.ts";
import { showAction } from "./checkout.ts";
import { openShop } from "./shop.ts";

const url = document.querySelector<HTMLMetaElement>("meta[name=shop-url]")?.content ?? "";
const currency = document.querySelector<HTMLMetaElement>("meta[name=shop-currency]")?.content ?? "";
const shop = openShop({ url });
const form = find<HTMLFormElement>("form");
const message = find("#message");
const shelf = find("#goods");
const states = find("#states");
const checkout = find("#checkout");
let watching = new AbortController();

on(form, "submit", async () => {
  const fields = new FormData(form);
  const credentials = { userName: text(fields, "userName"), password: text(fields, "password") };
  if (fields.has("isNew")) await shop.sessions.register(credentials);
  await shop.sessions.login(credentials);
  await showUser();
});
on(find("#show-user"), "click", showUser);
on(find("#sign-out"), "click", async () => {
  watching.abort();
  await shop.sessions.logout({});
  message.textContent = "Signed out";
});
run(showGoods);
// The checkout page returns the shopper to this page.
const paidOrder = new URLSearchParams(location.search).get("order");
if (paidOrder !== null) run(() => watch(BigInt(paidOrder)));

async function showUser(): Promise<void> {
  const { user } = await shop.users.getUser({});
  message.textContent = `Hello, ${user?.userName}`;
}

async function showGoods(): Promise<void> {
  const { goods } = await shop.goods.listGoods({ pageSize: 100 });
  shelf.replaceChildren(...goods.map(shelved));
}

function shelved(goods: Goods): HTMLElement {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.textContent = "Buy";
  on(button, "click", () => buy(goods));
  item.append(`${goods.name}, ${money(goods.unitPriceCents)} `, button);
  return item;
}

async function buy({ goodsId }: Goods): Promise<void> {
  const quote = await shop.orders.quoteOrder({ lines: [{ goodsId, quantity: 1n }] });
  const { order } = await shop.orders.placeOrder({
    requestId: crypto.randomUUID(),
    lines: quote.lines,
    address: { consignee: "Ada", mobile: "+49 30 1234567", text: "1 Harbour Street" },
    shippingFeeCents: quote.shippingFeeCents,
    orderAmountCents: quote.orderAmountCents,
  });
  if (!order) throw new Error("the response has no order");
  const { orderId } = order;
  run(() => watch(orderId));
  const { providers } = await shop.payments.listProviders({});
  checkout.replaceChildren(...providers.map((provider) => choice(provider, orderId)));
}

/** A button that opens a payment, and then shows what the shopper does to pay. */
function choice({ name, titleEn, titleZh }: Provider, orderId: bigint): HTMLElement {
  const button = document.createElement("button");
  button.textContent = navigator.language.startsWith("zh") ? titleZh : titleEn;
  on(button, "click", async () => {
    const returnUrl = `${location.origin}/?order=${orderId}`;
    const { payment } = await shop.payments.createPayment({ orderId, provider: name, returnUrl });
    if (!payment) throw new Error("the response has no payment");
    checkout.replaceChildren(showAction(payment.action));
  });
  return button;
}

async function watch(orderId: bigint): Promise<void> {
  watching.abort();
  watching = new AbortController();
  states.replaceChildren();
  for await (const { orderStatus, payStatus } of shop.watchOrder(orderId, watching.signal)) {
    const item = document.createElement("li");
    const names = [OrderStatusSchema.value[orderStatus], PayStatusSchema.value[payStatus]];
    item.textContent = names.map((value) => value?.localName).join(", ");
    states.append(item);
    if (payStatus === PayStatus.PAID) checkout.replaceChildren();
  }
}

function on(element: HTMLElement, type: string, work: () => Promise<void>): void {
  element.addEventListener(type, (event) => {
    event.preventDefault();
    run(work);
  });
}

function run(work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    message.textContent = ConnectError.from(error).message;
  });
}

function find<E extends HTMLElement>(selector: string): E {
  const found = document.querySelector<E>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

function text(fields: FormData, name: string): string {
  return String(fields.get(name) ?? "");
}

function money(cents: bigint): string {
  return amountText(cents, currency);
}

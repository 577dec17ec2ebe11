import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { sandboxControl } from "../../simulators/sandbox/client.ts";
import type { Caller } from "../load/rpc.ts";
import { baskets, lineOf } from "./baskets.ts";
import { payOrder, placeOrder } from "./paying.ts";
import type { Stage, Workload } from "./stage.ts";
import { ask } from "./typed.ts";

/**
 * Shares of visitors who ask for a price and who order, and of those who order, who pay, cancel and
 * watch.
 */
const SHARES = { quote: 0.5, order: 0.4, pay: 0.6, cancel: 0.15, watch: 0.3 };
const LOOKS = 2;

/** A visit to the shop: browse, quote, place, then watch, pay, cancel or leave. */
export const mixed: Workload = (stage) => {
  const { random } = stage;
  const next = baskets(stage);
  const provider = sandboxControl(stage.phase.places.sandboxUrl ?? "");
  return async () => {
    const order = next();
    const { caller } = order;
    await browse(stage, caller);
    if (random.chance(SHARES.quote)) await quote(stage, caller);
    if (!random.chance(SHARES.order)) return;
    const orderId = await placeOrder(stage, order);
    const watching = random.chance(SHARES.watch) ? watch(stage, { orderId, caller }) : undefined;
    const fate = random.next();
    if (fate < SHARES.pay) await payOrder(stage, { provider, orderId, caller });
    else if (fate < SHARES.pay + SHARES.cancel) await cancel(stage, { orderId, caller });
    await watching;
  };
};

type Own = { orderId: bigint; caller: Caller };

async function browse({ goods, step, random, shelves }: Stage, caller: Caller): Promise<void> {
  const { listGoods, getGoods } = GoodsService.method;
  await step("list goods", () => ask(goods, listGoods, { request: { pageSize: 20 }, caller }));
  for (let look = 0; look < LOOKS; look += 1) {
    const { goodsId } = random.pick(shelves.ordinary);
    await step("get goods", () => ask(goods, getGoods, { request: { goodsId }, caller }));
  }
}

async function quote({ order, step, random, shelves }: Stage, caller: Caller): Promise<void> {
  const lines = [lineOf(shelves.hot, 1n), lineOf(random.pick(shelves.ordinary), 2n)];
  const { quoteOrder } = OrderService.method;
  await step("quote", () => ask(order, quoteOrder, { request: { lines }, caller }));
}

async function watch({ order, step }: Stage, { orderId, caller }: Own): Promise<void> {
  const { watchOrder } = OrderService.method;
  await step("watch", () => ask(order, watchOrder, { request: { orderId }, caller }));
}

async function cancel({ order, step }: Stage, { orderId, caller }: Own): Promise<void> {
  const { cancelOrder } = OrderService.method;
  await step("cancel", () => ask(order, cancelOrder, { request: { orderId }, caller }));
}

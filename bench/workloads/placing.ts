import type { Caller } from "../load/rpc.ts";
import { baskets, lineOf } from "./baskets.ts";
import { requestOf, templateOf } from "./orders.ts";
import { PLACE_ORDER, type Stage, shareOf, type Workload } from "./stage.ts";

/** 1 to 3 lines of all items, with coupons and balance. */
export const place: Workload = (stage) => placeEach(stage, baskets(stage));

/** The same, with one item in every order. */
export const hot: Workload = (stage) => placeEach(stage, baskets(stage, stage.shelves.hot));

/** Every shopper orders one piece of the same item, of which there are too few. */
export const flash: Workload = (stage) => {
  const { shelves, shopperIds, callers, phase } = stage;
  const item = shelves.flash[phase.flash ?? 0];
  if (!item) throw new Error("all items for flash sales are used");
  const shoppers = shareOf([...shopperIds.keys()], stage.setting);
  const orders = shoppers.map((shopper) => {
    const template = templateOf({ userId: shopperIds[shopper] ?? 0n, lines: [lineOf(item, 1n)] });
    const caller = callers[shopper] as Caller;
    return { caller, body: requestOf(template, stage.nextRequestId()) };
  });
  return placeEach(stage, () => {
    const order = orders.pop();
    if (!order) throw new Error("a flash sale has more customers than shoppers");
    return order;
  });
};

/** The orders of a real shop with all their lines, in sequence. */
export const retail: Workload = (stage) => {
  const { setting, shelves, shopperIds, callers } = stage;
  const orders = shareOf(setting.retail?.baskets ?? [], setting).map(({ shopper, lines }) => {
    const wanted = lines.map(({ item, quantity }) => {
      const sold = shelves.retail[item];
      if (!sold) throw new Error("an order has an item that the catalogue lacks");
      return lineOf(sold, quantity);
    });
    const template = templateOf({ userId: shopperIds[shopper] ?? 0n, lines: wanted });
    return { caller: callers[shopper] as Caller, template };
  });
  let next = 0;
  return placeEach(stage, () => {
    const order = orders[next % orders.length];
    next += 1;
    if (!order) throw new Error("the file of real orders is empty");
    return { caller: order.caller, body: requestOf(order.template, stage.nextRequestId()) };
  });
};

function placeEach({ order }: Stage, next: ReturnType<typeof baskets>) {
  return async () => {
    const { body, caller } = next();
    await order.call(PLACE_ORDER, body, caller);
  };
}

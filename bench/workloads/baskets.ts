import { couponOf, type Item } from "../catalog.ts";
import type { Caller } from "../load/rpc.ts";
import { type OrderSpec, requestOf, templateOf } from "./orders.ts";
import type { Stage } from "./stage.ts";

export type Order = { body: Buffer; caller: Caller };

const COUPON_SHARE = 0.2;
const BALANCE_SHARE = 0.2;
const BALANCE_CENTS = 200n;
const MOST_LINES = 3;
const MOST_PIECES = 3;
/** Orders that are prepared in advance and placed repeatedly, each time as a new request. */
const TEMPLATES = 2_000;

/**
 * Orders of ordinary customers: 1 to 3 lines of all items, one in five with a coupon, one in five
 * with balance. With `always`, every order contains that item.
 */
export function baskets(stage: Stage, always?: Item): () => Order {
  const { random, callers } = stage;
  const templates = Array.from({ length: TEMPLATES }, () => {
    const shopper = random.between(0, callers.length - 1);
    const spec = specOf(stage, shopper, always);
    return { caller: callers[shopper] as Caller, body: templateOf(spec) };
  });
  return () => {
    if (random.chance(COUPON_SHARE)) return withCoupon(stage, always);
    const { caller, body } = random.pick(templates);
    return { caller, body: requestOf(body, stage.nextRequestId()) };
  };
}

/** Built when it is placed, since a coupon is spent once. */
function withCoupon(stage: Stage, always: Item | undefined): Order {
  const { couponId, shopper } = couponOf(stage.setting.size, stage.nextCoupon());
  const template = templateOf({ ...specOf(stage, shopper, always), couponId });
  const caller = stage.callers[shopper] as Caller;
  return { caller, body: requestOf(template, stage.nextRequestId()) };
}

function specOf(stage: Stage, shopper: number, always: Item | undefined): OrderSpec {
  const { random, shelves, shopperIds } = stage;
  const items = new Set<Item>(always ? [always] : []);
  const wanted = random.between(1, MOST_LINES);
  while (items.size < wanted) items.add(random.pick(shelves.ordinary));
  return {
    userId: shopperIds[shopper] ?? 0n,
    lines: [...items].map((item) => lineOf(item, BigInt(random.between(1, MOST_PIECES)))),
    balanceCents: random.chance(BALANCE_SHARE) ? BALANCE_CENTS : 0n,
  };
}

export function lineOf({ goodsId, unitPriceCents }: Item, quantity: bigint) {
  return { goodsId, quantity, unitPriceCents };
}

import { randomBytes } from "node:crypto";
import pMap from "p-map";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { GoodsStatus } from "#proto/shop/goods/v1/goods_pb.ts";
import { CommandError, messageOf } from "../ops/command/command.ts";
import { retry } from "../ops/command/retry.ts";
import type { ShopClients } from "../ops/command/shop-clients.ts";
import type { Day, Item } from "../testbed/retail/day.ts";
import { openingStock } from "./expected.ts";
import { type ProgressBar, withProgress } from "./progress.ts";

/** The goods and users of a run in the shop. */
export type Prepared = {
  /** By the index of the day's items. */
  goodsIds: bigint[];
  /** By customer id. */
  userIds: Map<string, bigint>;
};

type Run = { shop: ShopClients; run: string };
type Step = Run & { bar: ProgressBar };

const GOODS_IN_FLIGHT = 32;
/** The user service hashes two passwords at once and refuses calls that it cannot queue. */
const REGISTRATIONS_IN_FLIGHT = 4;
/** Characters of the name of goods. */
const MAX_NAME = 200;

/** A unique name, so that the same shop can be replayed to again and again. */
export function newRun(): string {
  return randomBytes(5).toString("hex");
}

/** Creates the goods with their opening stock, and registers the customers. */
export async function prepare(day: Day, run: Run): Promise<Prepared> {
  const goodsIds = await withProgress("goods", day.items.length, (bar) =>
    createGoods(day, { ...run, bar }),
  );
  const userIds = await withProgress("users", day.customerIds.length, (bar) =>
    registerUsers(day, { ...run, bar }),
  );
  return { goodsIds, userIds };
}

/** Takes the goods of a run off the shelf. They stay for the orders that have them. */
export async function takeOffShelf({ goods }: ShopClients, { goodsIds }: Prepared): Promise<void> {
  const takeOne = (goodsId: bigint) =>
    retry(() => goods.updateGoods({ goodsId, status: GoodsStatus.OFF_SHELF }));
  await pMap(goodsIds, takeOne, { concurrency: GOODS_IN_FLIGHT });
}

function createGoods(day: Day, { shop, run, bar }: Step): Promise<bigint[]> {
  const createOne = async (item: Item, index: number) => {
    const request = {
      requestId: `replay-${run}-goods-${index}`,
      sku: `${run}-${item.stockCode}-${item.unitPriceCents}`,
      name: item.name.slice(0, MAX_NAME),
      unitPriceCents: item.unitPriceCents,
      stock: openingStock(item),
    };
    try {
      const { goods } = await retry(() => shop.goods.createGoods(request));
      bar.step();
      return goods?.goodsId ?? 0n;
    } catch (error) {
      throw new CommandError(`cannot create goods ${item.stockCode}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  };
  return pMap(day.items, createOne, { concurrency: GOODS_IN_FLIGHT });
}

async function registerUsers(day: Day, { shop, run, bar }: Step): Promise<Map<string, bigint>> {
  const password = randomBytes(16).toString("hex");
  const registerOne = async (customerId: string) => {
    const userName = `replay-${run}-${customerId || "guest"}`;
    const userId = await register(shop, { userName, password });
    bar.step();
    return [customerId, userId] as const;
  };
  const concurrency = REGISTRATIONS_IN_FLIGHT;
  return new Map(await pMap(day.customerIds, registerOne, { concurrency }));
}

/** Register has no request id: after a lost answer the name is taken by the first attempt. */
async function register(
  shop: ShopClients,
  registration: { userName: string; password: string },
): Promise<bigint> {
  try {
    const { user } = await retry(() => shop.user.register(registration));
    return user?.userId ?? 0n;
  } catch (error) {
    if (error instanceof Refusal && error.reason === Reason.USER_NAME_TAKEN) {
      const { user } = await retry(() => shop.user.login(registration));
      return user?.userId ?? 0n;
    }
    throw new CommandError(`cannot register ${registration.userName}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

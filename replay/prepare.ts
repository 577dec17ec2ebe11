import { randomBytes } from "node:crypto";
import pMap from "p-map";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { persistently, type Shop, ShopTrouble } from "../testbed/calls/administrator.ts";
import type { Day, Item } from "../testbed/retail/day.ts";
import { openingStock } from "./expected.ts";
import type { ProgressBar } from "./progress.ts";

/** What a run made for itself in the shop. */
export type Prepared = {
  /** By the index of the day's items. */
  goodsIds: bigint[];
  userIds: Map<string, bigint>;
};

type Run = { shop: Shop; run: string; bar: ProgressBar };

const GOODS_IN_FLIGHT = 32;
/** The user service hashes two passwords at once and refuses what it cannot queue. */
const REGISTRATIONS_IN_FLIGHT = 4;
/** Characters (goods: 200). */
const MAX_NAME = 200;

/** A name in the shop that no other run has: the shop may be replayed to again and again. */
export function newRun(): string {
  return randomBytes(5).toString("hex");
}

export async function createGoods(day: Day, { shop, run, bar }: Run): Promise<bigint[]> {
  const goodsIds: bigint[] = [];
  await pMap(
    day.items,
    async (item, index) => {
      const request = {
        requestId: `replay-${run}-goods-${index}`,
        sku: `${run}-${item.stockCode}-${item.unitPriceCents}`,
        name: item.name.slice(0, MAX_NAME),
        unitPriceCents: item.unitPriceCents,
        stock: openingStock(item),
      };
      const answer = await persistently(() => shop.goods.createGoods(request)).catch(
        refusedGoods(item),
      );
      goodsIds[index] = answer.goods?.goodsId ?? 0n;
      bar.step();
    },
    { concurrency: GOODS_IN_FLIGHT },
  );
  return goodsIds;
}

function refusedGoods({ stockCode }: Item): (error: Error) => never {
  return (error) => {
    throw new ShopTrouble(`the shop did not take the goods ${stockCode}: ${error.message}`);
  };
}

export async function registerUsers(
  day: Day,
  { shop, run, bar }: Run,
): Promise<Map<string, bigint>> {
  const userIds = new Map<string, bigint>();
  const password = randomBytes(16).toString("hex");
  await pMap(
    day.customerIds,
    async (customerId) => {
      const name = { userName: `replay-${run}-${customerId || "guest"}`, password };
      userIds.set(customerId, await registerOnce(shop, name));
      bar.step();
    },
    { concurrency: REGISTRATIONS_IN_FLIGHT },
  );
  return userIds;
}

/** Registering has no request id: where an answer was lost, the name is taken by ourselves. */
async function registerOnce(
  shop: Shop,
  registration: { userName: string; password: string },
): Promise<bigint> {
  const { userName } = registration;
  try {
    const { user } = await persistently(() => shop.user.register(registration));
    return user?.userId ?? 0n;
  } catch (error) {
    if (error instanceof Refusal && error.reason === Reason.USER_NAME_TAKEN) {
      const { user } = await persistently(() => shop.user.login(registration));
      return user?.userId ?? 0n;
    }
    throw new ShopTrouble(
      `the shop did not register the user ${userName}: ${(error as Error).message}`,
    );
  }
}

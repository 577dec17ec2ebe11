import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { Memory } from "./memory.ts";

export type Ware = {
  goodsId: bigint;
  unitPriceCents: bigint;
  stock: bigint;
  /** It runs out, and its last pieces are fought for. */
  isScarce: boolean;
};

/** Who shops and what for, and all that was asked and answered as long as the system lives. */
export type Market = {
  system: System;
  wares: Ware[];
  userIds: bigint[];
  openingBalanceCents: bigint;
  memory: Memory;
};

const PRICES = [300n, 700n, 1_100n, 1_900n, 2_500n, 4_900n];
const PLENTY = 1_000_000n;
const SCARCE = [40n, 150n, 500n];
const OPENING_BALANCE_CENTS = 10_000_000n;
const PASSWORD_HASH = "$argon2id$none";

/** Opens a market in a system that works, past the services: it is not what is tested. */
export async function openMarket(system: System, shoppers = 10): Promise<Market> {
  const wares = [
    ...PRICES.map((unitPriceCents) => ({ unitPriceCents, stock: PLENTY, isScarce: false })),
    ...SCARCE.map((stock) => ({ unitPriceCents: 900n, stock, isScarce: true })),
  ].map((ware) => ({ goodsId: newId(), ...ware }));
  const userIds = Array.from({ length: shoppers }, newId);
  await insertWares(system, wares);
  const users = userIds.map((id) => [id, `shopper ${id}`, `shopper ${id}`, PASSWORD_HASH]);
  await system.sql(
    "user",
    "insert into users (user_id, user_name, user_name_key, password_hash) values ?",
    [users],
  );
  for (const userId of userIds) {
    const topUp = { requestId: newKey(), userId, amountCents: OPENING_BALANCE_CENTS };
    await system.direct.admin.user.topUpBalance(topUp);
  }
  const memory = { errands: [], contradictions: [] };
  return { system, wares, userIds, openingBalanceCents: OPENING_BALANCE_CENTS, memory };
}

async function insertWares(system: System, wares: readonly Ware[]): Promise<void> {
  const rows = wares.map(({ goodsId, unitPriceCents, stock }) => {
    const texts = { requestId: `market-${goodsId}`, fingerprint: "", name: "Ware", about: "" };
    return [goodsId, ...Object.values(texts), unitPriceCents, stock, ""];
  });
  const columns =
    "goods_id, request_id, request_fingerprint, name, description, unit_price_cents, stock, image_url";
  await system.sql("goods", `insert into goods (${columns}) values ?`, [rows]);
  const opening = wares.map(({ goodsId, stock }) => [newId(), goodsId, 1, stock, stock]);
  await system.sql(
    "goods",
    "insert into stock_log (log_id, goods_id, type, delta, stock_after) values ?",
    [opening],
  );
}

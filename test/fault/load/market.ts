import { newId, newKey } from "../../../testbed/orders/fixtures.ts";
import { insertGoodsRows, insertUserRows } from "../../../testbed/orders/rows.ts";
import type { System } from "../../../testbed/system/system.ts";
import type { History } from "./history.ts";
import type { OpenedPayment } from "./wallet.ts";

export type Item = {
  goodsId: bigint;
  unitPriceCents: bigint;
  stock: bigint;
  /** Whether the item sells out, so that shoppers compete for its last pieces. */
  isScarce: boolean;
};

/** The shoppers and items of a system, and the history of what its clients did. */
export type Market = {
  system: System;
  items: Item[];
  userIds: bigint[];
  openingBalanceCents: bigint;
  history: History;
  /** What shoppers were told to pay, by the payment's id. */
  opened: Map<bigint, OpenedPayment>;
};

const PRICES = [300n, 700n, 1_100n, 1_900n, 2_500n, 4_900n];
const PLENTY = 1_000_000n;
const SCARCE = [40n, 150n, 500n];
const OPENING_BALANCE_CENTS = 10_000_000n;

/**
 * Creates the shoppers and items of a working system. They are inserted without the services, which
 * are not under test here.
 */
export async function openMarket(system: System, shoppers = 10): Promise<Market> {
  const items = [
    ...PRICES.map((unitPriceCents) => ({ unitPriceCents, stock: PLENTY, isScarce: false })),
    ...SCARCE.map((stock) => ({ unitPriceCents: 900n, stock, isScarce: true })),
  ].map((item) => ({ goodsId: newId(), ...item }));
  const userIds = Array.from({ length: shoppers }, newId);
  await insertGoodsRows(system.sql, items, { name: "Item", logIdOf: newId });
  await insertUserRows(system.sql, userIds);
  for (const userId of userIds) {
    const topUp = { requestId: newKey(), userId, amountCents: OPENING_BALANCE_CENTS };
    await system.direct.admin.user.topUpBalance(topUp);
  }
  const history = { operations: [], contradictions: [] };
  const opened = new Map<bigint, OpenedPayment>();
  return { system, items, userIds, openingBalanceCents: OPENING_BALANCE_CENTS, history, opened };
}

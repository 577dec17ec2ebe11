import { token } from "../testbed/calls/callers.ts";
import type { Catalog } from "./target.ts";

export type Item = Catalog["goods"][number];

/**
 * The size of a catalogue. The catalogue follows from it alone, so that every client process can
 * generate it.
 */
export type CatalogSize = {
  items: number;
  shoppers: number;
  coupons: number;
  /** Items with FLASH_PIECES pieces each, one for each flash sale. */
  flashes: number;
};

/** A real order: its shopper and items, by their index in the catalogue. */
export type Basket = { shopper: number; lines: { item: number; quantity: bigint }[] };

/** The items of real orders. */
type Retail = { items: readonly { unitPriceCents: bigint }[] };

/** The items on sale, by purpose. */
export type Shelves = { ordinary: Item[]; hot: Item; flash: Item[]; retail: Item[] };

const FLASH_PIECES = 100n;
const COUPON_CENTS = 300n;
const PLENTY = 1_000_000_000_000n;
/** Enough for all orders of a run. */
const BALANCE_CENTS = 1_000_000_000_000n;
const TOKEN_SECONDS = 24 * 3_600;

const KINDS = [
  "ordinary",
  "hot",
  "flash",
  "retail",
  "shopper",
  "coupon",
  "stock log",
  "balance log",
] as const;

/**
 * An identifier in the form of early 2025 with full length on the wire, which no service generates
 * anymore.
 */
export function idOf(kind: (typeof KINDS)[number], index: number): bigint {
  return (1n << 57n) + (BigInt(KINDS.indexOf(kind)) << 48n) + (BigInt(index) << 12n) + 1n;
}

export function shelvesOf(size: CatalogSize, retail?: Retail): Shelves {
  const many = (count: number, make: (index: number) => Item) =>
    Array.from({ length: count }, (_, index) => make(index));
  return {
    ordinary: many(size.items, (index) => ({
      goodsId: idOf("ordinary", index),
      unitPriceCents: priceOf(index),
      stock: PLENTY,
    })),
    hot: { goodsId: idOf("hot", 0), unitPriceCents: 1_900n, stock: PLENTY },
    flash: many(size.flashes, (index) => ({
      goodsId: idOf("flash", index),
      unitPriceCents: 2_900n,
      stock: FLASH_PIECES,
    })),
    retail: (retail?.items ?? []).map(({ unitPriceCents }, index) => ({
      goodsId: idOf("retail", index),
      unitPriceCents,
      stock: PLENTY,
    })),
  };
}

/** 5.00 to 62.95: some baskets reach free shipping, and none costs less than a coupon takes off. */
function priceOf(index: number): bigint {
  return 500n + BigInt((index * 7_919) % 1_160) * 5n;
}

export function shopperIdsOf({ shoppers }: Pick<CatalogSize, "shoppers">): bigint[] {
  return Array.from({ length: shoppers }, (_, index) => idOf("shopper", index));
}

/**
 * Coupons are distributed round-robin, so that consecutive coupons belong to different shoppers.
 */
export function couponOf({ shoppers }: Pick<CatalogSize, "shoppers">, index: number) {
  return { couponId: idOf("coupon", index), shopper: index % shoppers };
}

export async function makeCatalog(size: CatalogSize, retail?: Retail): Promise<Catalog> {
  const { ordinary, hot, flash, retail: more } = shelvesOf(size, retail);
  const shopperIds = shopperIdsOf(size);
  const shoppers = [];
  for (const userId of shopperIds) {
    const signed = await token("user", String(userId), TOKEN_SECONDS);
    shoppers.push({ userId, balanceCents: BALANCE_CENTS, token: signed });
  }
  const coupons = Array.from({ length: size.coupons }, (_, index) => {
    const { couponId, shopper } = couponOf(size, index);
    const userId = shopperIds[shopper] ?? 0n;
    return { couponId, userId, amountOffCents: COUPON_CENTS, minimumGoodsAmountCents: 0n };
  });
  return { goods: [...ordinary, hot, ...flash, ...more], shoppers, coupons };
}

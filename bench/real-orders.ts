import { fileURLToPath } from "node:url";
import { readDay } from "../testbed/retail/day.ts";
import { readRetail } from "../testbed/retail/read-retail.ts";
import type { CatalogSize } from "./catalog.ts";
import type { Setting } from "./load/messages.ts";

const SAMPLE = fileURLToPath(
  new URL("../testbed/retail/online-retail-sample.csv", import.meta.url),
);
/** The first orders of a larger file: enough of every kind, and read quickly. */
const MOST_ORDERS = 5_000;

/** Reads the orders of a real shop, each assigned to one of the catalogue's shoppers. */
export async function readOrders(
  file: string | undefined,
  { shoppers }: Pick<CatalogSize, "shoppers">,
): Promise<NonNullable<Setting["retail"]>> {
  const day = await readDay(readRetail(file ?? SAMPLE), MOST_ORDERS);
  const places = new Map(day.customerIds.map((id, index) => [id, index % shoppers]));
  return {
    items: day.items.map(({ unitPriceCents }) => ({ unitPriceCents })),
    baskets: day.orders.map(({ customerId, lines }) => ({
      shopper: places.get(customerId) ?? 0,
      lines: lines.map(({ item, quantity }) => ({ item, quantity })),
    })),
  };
}

import { type Bench, placesOf, runningOf, shopOf } from "../bench.ts";
import { copyOrders } from "../shop/fill.ts";
import { untilSettled } from "../turns.ts";

/** Orders that are placed as templates: one in ten of the wanted ones, up to a limit. */
const MOST_TEMPLATES = 10_000;
const COPIES = 10;
const IN_FLIGHT = 64;
const STEP_SECONDS = 1;
const MOST_STEPS = 300;

/**
 * Adds this many orders to the shop: some are placed, the rest are copies of them. Resolves to the
 * number of all orders.
 */
export async function fillShop(
  bench: Bench,
  { orders, beganMs }: { orders: number; beganMs: number },
): Promise<number> {
  const shop = shopOf(bench);
  const running = runningOf(bench, "shop");
  const [newest] = await shop.sql<{ id: bigint | null }>(
    "order",
    "select max(order_id) as id from orders",
  );
  const before = newest?.id ?? 0n;
  const wanted = Math.min(orders / COPIES, MOST_TEMPLATES);
  let placed = 0;
  for (let step = 0; step < MOST_STEPS && placed < wanted; step += 1) {
    const sum = await bench.clients.play({
      target: "shop",
      places: placesOf(bench, "shop"),
      workload: "place",
      loop: { kind: "closed", inFlight: IN_FLIGHT },
      seconds: STEP_SECONDS,
      seed: `fill ${step}`,
    });
    placed += sum.ok.totalCount;
  }
  await untilSettled(running);
  bench.log(`copying ${placed} orders to make ${orders.toLocaleString("en")}`);
  await copyOrders(shop.sql, {
    namespace: shop.namespace,
    fromOrderId: before + 1n,
    orders: Math.max(0, orders - placed),
    shiftMs: Date.now() - beganMs + 60_000,
  });
  const [all] = await shop.sql<{ n: bigint }>("order", "select count(*) as n from orders");
  return Number(all?.n ?? 0);
}

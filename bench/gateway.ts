// `npm run bench:gateway`: the cost of the gateway. Places orders at the order service and through
// the gateway, in turns, in a shop of its own.

import { availableParallelism, cpus, loadavg } from "node:os";
import pMap from "p-map";
import { ExitCode, runCommand } from "../ops/command/command.ts";
import { wholeNumber } from "../ops/command/options.ts";
import { token } from "../testbed/calls/callers.ts";
import { startSuiteEngines } from "../testbed/engines/suite-engines.ts";
import { insertUsers, newGoods, placeRequest } from "../testbed/orders/fixtures.ts";
import { percentile, rounded, spread } from "../testbed/percentiles.ts";
import { type Shop, startShop } from "../testbed/shop/shop.ts";
import { type Way, waysToOrder } from "./gateway/ways.ts";
import { cpuMs } from "./measure/cpu.ts";

const DEFAULTS = { turns: 5, orders: 300 };

type Turn = { p50: number; p99: number; ordersPerSecond: number; gatewayCpuMs: number };

const IN_FLIGHT = [1, 64];
const SHOPPERS = 200;

async function prepare(shop: Shop) {
  const goods = await Promise.all(
    Array.from({ length: 100 }, () => newGoods(shop, { stock: 1_000_000n })),
  );
  const shoppers = await Promise.all(
    (await insertUsers(shop, SHOPPERS)).map(async (userId) => ({
      userId,
      token: await token("user", String(userId)),
    })),
  );
  let next = 0;
  return () => {
    next += 1;
    const item = goods[next % goods.length] ?? goods[0];
    const shopper = shoppers[next % SHOPPERS] ?? { userId: 0n, token: "" };
    if (!item) throw new Error("the shop has no goods");
    const request = placeRequest({ userId: shopper.userId, lines: [[item, 1n]] });
    return { request, token: shopper.token };
  };
}

async function turn(
  way: Way,
  run: { shop: Shop; inFlight: number; orders: number; next: Awaited<ReturnType<typeof prepare>> },
): Promise<Turn> {
  const orders = Array.from({ length: run.orders }, run.next);
  const times: number[] = [];
  const pid = run.shop.pid("gateway") ?? 0;
  const cpuBefore = cpuMs(pid);
  const begun = performance.now();
  await pMap(
    orders,
    async (order) => {
      const at = performance.now();
      await way.place(order.request, order.token);
      times.push(performance.now() - at);
    },
    { concurrency: run.inFlight },
  );
  const seconds = (performance.now() - begun) / 1_000;
  const { p50, p99 } = spread(times.sort((a, b) => a - b));
  return {
    p50,
    p99,
    ordersPerSecond: Math.round(run.orders / seconds),
    gatewayCpuMs: rounded((cpuMs(pid) - cpuBefore) / run.orders),
  };
}

function words(name: string, turns: Turn[], direct: Turn[]): string {
  const of = (key: keyof Turn, from = turns) => {
    const sorted = from.map((one) => one[key]).sort((a, b) => a - b);
    return percentile(sorted, 50);
  };
  const ratio = (key: keyof Turn) => (of(key) / of(key, direct)).toFixed(2);
  return [
    `  ${name.padEnd(26)}p50 ${of("p50")} ms (x${ratio("p50")}), p99 ${of("p99")} ms (x${ratio("p99")}),`,
    `${of("ordersPerSecond")} orders/s (x${ratio("ordersPerSecond")}), gateway CPU ${of("gatewayCpuMs")} ms per order`,
  ].join(" ");
}

async function run(turns: number, orders: number) {
  const shop = await startShop({ gateway: true });
  const ways = waysToOrder(shop);
  try {
    const next = await prepare(shop);
    const results = new Map<string, Turn[]>();
    for (const inFlight of IN_FLIGHT) {
      const count = inFlight === 1 ? orders : orders * 10;
      for (let round = 0; round <= turns; round += 1) {
        for (const way of ways) {
          const result = await turn(way, { shop, inFlight, orders: count, next });
          const key = `${inFlight} ${way.name}`;
          // The first round is a warm-up.
          if (round > 0) results.set(key, [...(results.get(key) ?? []), result]);
        }
      }
    }
    return { results, names: ways.map(({ name }) => name) };
  } finally {
    for (const way of ways) way.close();
    await shop.stop();
  }
}

await runCommand({
  name: "bench:gateway",
  summary:
    "Measures PlaceOrder with one line at the order service and through the gateway, in turns.",
  options: {
    turns: {
      type: "string",
      value: "N",
      help: `turns of each way; the median is printed (default ${DEFAULTS.turns})`,
    },
    orders: {
      type: "string",
      value: "N",
      help: `orders of a turn at 1 in flight, ten times as many at 64 (default ${DEFAULTS.orders})`,
    },
    json: { type: "boolean", help: "print every turn as one line of JSON" },
  },
  notes: [
    "The command runs a shop of its own on the engines of SHOP_MYSQL_URL and SHOP_NATS_URL, or on " +
      "engines that it starts and stops. CPU is that of the gateway's process.",
  ],
  async run({ values }) {
    const count = (name: "turns" | "orders", max: number) =>
      wholeNumber(`--${name}`, values[name], { min: 1, max }) ?? DEFAULTS[name];
    const [turns, orders] = [count("turns", 100), count("orders", 100_000)];
    const load = (loadavg()[0] ?? 0).toFixed(2);
    const stopEngines = await startSuiteEngines((line) => console.error(line));
    try {
      const { results, names } = await run(turns, orders);
      if (values.json) console.log(JSON.stringify({ load, ...Object.fromEntries(results) }));
      else print(results, { names, load });
    } finally {
      await stopEngines();
    }
    return ExitCode.DONE;
  },
});

function print(
  results: ReadonlyMap<string, Turn[]>,
  { names, load }: { names: readonly string[]; load: string },
): void {
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"})`;
  console.log(`${cores}, load average ${load} before the run, Node ${process.versions.node}`);
  for (const inFlight of IN_FLIGHT) {
    console.log(`${inFlight} in flight`);
    const direct = results.get(`${inFlight} ${names[0]}`) ?? [];
    for (const name of names) {
      console.log(words(name, results.get(`${inFlight} ${name}`) ?? [], direct));
    }
  }
}

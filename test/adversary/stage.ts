import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pMap from "p-map";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../simulators/sandbox/config.ts";
import { signedHeaders } from "../../simulators/sandbox/signature.ts";
import { token } from "../../testbed/calls/callers.ts";
import { insertUsers, newGoods, newShopper, placeRequest } from "../../testbed/orders/fixtures.ts";
import { noticeOf } from "../../testbed/orders/notices.ts";
import { type Shop, startShop } from "../../testbed/shop/shop.ts";
import type { AttackName } from "./attacks.ts";
import { type Errand, measure, type Seen } from "./shoppers.ts";
import { ATTACKER_ADDRESS, type Target } from "./target.ts";

/** The outcome of one attack. */
export type Outcome = {
  attack: AttackName;
  quiet: Seen;
  attacked: Seen;
  /** Highest resident memory of the gateway while it was attacked. */
  memoryMib: number;
  /** Lines about failures that the gateway logged. */
  failures: number;
};

export type Stage = {
  /** Measures shoppers first alone, and then while the attack runs. The gateway starts anew. */
  play(attack: AttackName, times: { seconds: number }): Promise<Outcome>;
  stop(): Promise<void>;
};

const ACCOUNTS = 50;
/** Goods with long descriptions: a list of them has 150 KB. */
const LISTED = 50;
const LONG_DESCRIPTION = 3_000;
const SHOPPERS = 5;
/** Time for an attack to unfold before shoppers are measured. */
const UNFOLD_MS = 2_000;
const MIB = 1_024;

/** The defaults of the gateway: the testbed's own shops have no limits of this kind. */
const LIMITS = {
  SHOP_RATE_PER_USER: "",
  SHOP_RATE_PER_ADDRESS: "",
  SHOP_SIGN_IN_RATE: "",
  SHOP_NETWORK_SHARE: "",
};

export async function openStage(): Promise<Stage> {
  const shop = await startShop({ gateway: true, sandbox: true, envOf: { gateway: LIMITS } });
  try {
    const { next, target } = await prepare(shop);
    return {
      play: (attack, { seconds }) => play({ shop, next, target, attack, seconds }),
      stop: () => shop.stop(),
    };
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

async function play(scene: {
  shop: Shop;
  next: () => Errand;
  target: Target;
  attack: AttackName;
  seconds: number;
}): Promise<Outcome> {
  const { shop, next, target, attack, seconds } = scene;
  await shop.restart("gateway");
  const logged = shop.output("gateway").length;
  // The first requests of a process compile its code.
  await measure(target.port, next, { seconds: 2 });
  const quiet = await measure(target.port, next, { seconds });
  const attacker = fork(fileURLToPath(new URL("./attacker.ts", import.meta.url)), [
    attack,
    JSON.stringify(target),
  ]);
  const memory = watchMemory(shop);
  try {
    await new Promise((resolve) => setTimeout(resolve, UNFOLD_MS));
    const attacked = await measure(target.port, next, { seconds });
    const lines = shop.output("gateway").slice(logged);
    const failures = lines.match(/answered INTERNAL|"level":"(error|fatal)"/g)?.length ?? 0;
    return { attack, quiet, attacked, memoryMib: memory.stop(), failures };
  } finally {
    memory.stop();
    await end(attacker);
  }
}

async function end(attacker: ChildProcess): Promise<void> {
  if (attacker.exitCode !== null) return;
  const gone = once(attacker, "exit");
  attacker.kill("SIGKILL");
  await gone;
}

/** The errands of shoppers and of the provider, in turns, and what the attacker knows. */
async function prepare(shop: Shop): Promise<{ next: () => Errand; target: Target }> {
  const goods = await newGoods(shop, { stock: 1_000_000n });
  const goodsId = String(goods.goodsId);
  const description = "x".repeat(LONG_DESCRIPTION);
  await pMap(Array(LISTED), () => newGoods(shop, { description }), { concurrency: 8 });
  const payer = await newShopper(shop);
  const order = await orderOf(shop, payer.userId, goods);
  const start = { orderId: order, provider: "sandbox", returnUrl: "http://localhost:3000/thanks" };
  const { payment } = await payer.calls.pay.createPayment(start);
  if (!payment) throw new Error("the payment was not created");
  const notice = Buffer.from(JSON.stringify(noticeOf(payment)));
  const shoppers = await Promise.all(
    (await insertUsers(shop, SHOPPERS)).map((userId) => token("user", String(userId))),
  );
  const accounts = await Promise.all(
    (await insertUsers(shop, ACCOUNTS)).map(async (userId) => ({
      token: await token("user", String(userId)),
      orderId: String(await orderOf(shop, userId, goods)),
    })),
  );
  const target = {
    port: Number(new URL(shop.gatewayUrl).port),
    from: ATTACKER_ADDRESS,
    goodsId,
    accounts,
  };
  const json = { "content-type": "application/json" };
  const quote = Buffer.from(JSON.stringify({ lines: [{ goodsId, quantity: "1" }] }));
  const message = encodeURIComponent(JSON.stringify({ goodsId }));
  const get = `/shop.goods.v1.GoodsService/GetGoods?connect=v1&encoding=json&message=${message}`;
  let count = 0;
  const next = (): Errand => {
    count += 1;
    if (count % 20 === 0) {
      const signed = signedHeaders(DEVELOPMENT_SANDBOX_SECRET, notice, Date.now());
      const headers = { ...json, ...signed };
      return { path: "/pay/callback/sandbox", headers, body: notice, fromProvider: true };
    }
    if (count % 4 === 0) return { path: "/healthz", fresh: true };
    if (count % 2 === 0) return { path: get };
    const authorization = `Bearer ${shoppers[count % SHOPPERS]}`;
    const path = "/shop.order.v1.OrderService/QuoteOrder";
    return { path, headers: { ...json, authorization }, body: quote };
  };
  return { next, target };
}

async function orderOf(
  shop: Shop,
  userId: bigint,
  goods: Awaited<ReturnType<typeof newGoods>>,
): Promise<bigint> {
  const request = placeRequest({ userId, lines: [[goods, 1n]] });
  const { order } = await shop.user(userId).order.placeOrder(request);
  if (!order) throw new Error("the order was not placed");
  return order.orderId;
}

function watchMemory(shop: Shop): { stop(): number } {
  let highest = 0;
  const look = () => {
    const text = readFileSync(`/proc/${shop.pid("gateway")}/status`, "utf8");
    highest = Math.max(highest, Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) / MIB);
  };
  const timer = setInterval(look, 100);
  return {
    stop() {
      clearInterval(timer);
      return Math.round(highest);
    },
  };
}

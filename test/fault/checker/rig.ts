import { setTimeout as pause } from "node:timers/promises";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { type System, startSystem } from "../../../testbed/system/system.ts";
import { judge, violations } from "../judge/judge.ts";
import { openMarket } from "../load/market.ts";
import { shopper } from "../load/shopper.ts";
import { emptyShop, inProviderStore } from "./clean.ts";
import { mark, mutatedBy } from "./edits.ts";
import type { CodeMutation, DataMutation } from "./mutation.ts";
import { SCENARIOS, type ScenarioName, type Scene } from "./scenarios.ts";

/** A system on which mutations are tried one after the other. */
export type Rig = {
  /** The findings in a working shop after these scenarios. */
  control(scenarios: readonly ScenarioName[], signal?: AbortSignal): Promise<string[]>;
  /** The findings with a mutated service. */
  withCode(mutation: CodeMutation, signal?: AbortSignal): Promise<string[]>;
  /** The findings with changed data of the last control, which are restored afterwards. */
  withData(mutation: DataMutation, signal?: AbortSignal): Promise<string[]>;
  stop(): Promise<void>;
};

const SHOPPERS = 2;
const QUIET_WITHIN_MS = 60_000;
/** Enough for everything that ends at all. */
const NEVER_QUIET_MS = 10_000;
const REACHED_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 100;

/** One replica of each service, so that only one has to be mutated. */
export async function openRig(log: (line: string) => void): Promise<Rig> {
  const system = await startSystem({}, log);
  for (const service of SERVICES) await system.program(`${service}2`).end();
  let broken: ServiceName | undefined;
  let scene: Scene | undefined;

  /** Makes an empty shop in which only this service is mutated. */
  async function build(next?: CodeMutation): Promise<Scene> {
    const changed = new Set([broken, next?.service].filter((name) => name !== undefined));
    broken = next?.service;
    await Promise.all(
      [...changed].map(async (service) => {
        const program = system.program(`${service}1`);
        await program.end();
        await program.start(service === next?.service ? mutatedBy(next.edits) : {});
        await system.direct.untilReachable(service);
        await system.shop.untilReachable(service);
      }),
    );
    await emptyShop(system);
    const market = await openMarket(system, SHOPPERS);
    const [ann = 0n, bob = 0n] = market.userIds;
    scene = { market, ann: shopper(market, ann), bob: shopper(market, bob) };
    if (changed.size > 0) await untilConnected(scene);
    return scene;
  }

  async function judged(of: Scene, quietWithinMs: number, signal?: AbortSignal): Promise<string[]> {
    const occasion = { healedMs: Date.now(), sinceMs: 0, quietWithinMs };
    return violations(await judge(of.market, { ...occasion, ...(signal && { signal }) }));
  }

  return {
    async control(scenarios, signal) {
      const own = await build();
      for (const name of scenarios) {
        signal?.throwIfAborted();
        await SCENARIOS[name](own);
      }
      return judged(own, QUIET_WITHIN_MS, signal);
    },
    async withCode(mutation, signal) {
      const { service, edits, scenario, neverQuiet } = mutation;
      const before = system.program(`${service}1`).output().length;
      const own = await build(mutation);
      await SCENARIOS[scenario](own);
      const output = system.program(`${service}1`).output().slice(before);
      for (const { file } of edits) {
        if (!output.includes(mark(file))) throw new Error(`${service} did not load ${file}`);
      }
      return judged(own, neverQuiet ? NEVER_QUIET_MS : QUIET_WITHIN_MS, signal);
    },
    async withData({ tables, change, provider }, signal) {
      if (!scene) throw new Error("withData needs the data of a control; call control first");
      const kept = await Promise.all(
        tables.map(([service, table]) => keep(system, service, table)),
      );
      for (const [service, sql] of change) await system.sql(service, sql);
      if (provider) inProviderStore(system, provider.change);
      const found = await judged(scene, QUIET_WITHIN_MS, signal);
      if (provider) inProviderStore(system, provider.undo);
      for (const restore of kept) await restore();
      return found;
    },
    stop: () => system.stop(),
  };
}

/** Saves the rows of a table; the returned function restores them. */
async function keep(
  system: System,
  service: ServiceName,
  table: string,
): Promise<() => Promise<void>> {
  const columns = await system.sql<{ name: string }>(
    service,
    `select column_name as name from information_schema.columns where table_schema = database()
     and table_name = ? and extra not like '%generated%' order by ordinal_position`,
    [table],
  );
  const names = columns.map(({ name }) => name);
  const rows = await system.sql(service, `select ${names.join(", ")} from ${table}`);
  const values = rows.map((row) => names.map((name) => row[name]));
  return async () => {
    await system.sql(service, `delete from ${table}`);
    await system.sql(service, `insert into ${table} (${names.join(", ")}) values ?`, [values]);
  };
}

/**
 * Waits until the services have reconnected: after a failure gRPC waits before the next attempt.
 */
async function untilConnected({ market, ann }: Scene): Promise<void> {
  const { shop } = market.system;
  const { userId } = ann;
  const lines = market.items.slice(0, 1).map(({ goodsId }) => ({ goodsId, quantity: 1n }));
  const own = shop.user(userId);
  await untilAnswered("the quote", Reason.COUPON_NOT_FOUND, () =>
    own.order.quoteOrder({ userId, lines, couponId: 1n }),
  );
  const payment = { orderId: 1n, provider: "sandbox", returnUrl: "http://127.0.0.1:8080/back" };
  await untilAnswered("the payment", Reason.ORDER_NOT_FOUND, () => own.pay.createPayment(payment));
}

async function untilAnswered(
  what: string,
  wanted: Reason,
  call: () => Promise<unknown>,
): Promise<void> {
  const untilMs = Date.now() + REACHED_WITHIN_MS;
  for (;;) {
    const answer = await call().catch((error: unknown) => error);
    if (answer instanceof Refusal && answer.reason === wanted) return;
    if (Date.now() > untilMs)
      throw new Error(`${what} was not answered in ${REACHED_WITHIN_MS / 1_000} s`, {
        cause: answer,
      });
    await pause(ASK_AGAIN_MS);
  }
}

import { availableParallelism, loadavg } from "node:os";
import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { SettingsError } from "#platform/settings/settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { commandSettings } from "../ops/command/settings.ts";
import { shippingRule } from "../services/order/config.ts";
import { pointsPerUnit } from "../services/user/config.ts";
import {
  checkRunning,
  connectShop,
  type Shop,
  ShopTrouble,
} from "../testbed/calls/administrator.ts";
import { type Day, readDay } from "../testbed/retail/day.ts";
import { FileFault, readRetail } from "../testbed/retail/read-retail.ts";
import { auditAfter } from "./audit-after.ts";
import { compareShop } from "./compare.ts";
import type { PayRules } from "./expected-money.ts";
import { type Options, readOptions, USAGE, UsageError } from "./options.ts";
import { payDay } from "./pay-day.ts";
import { placeOrders } from "./place.ts";
import { createGoods, newRun, registerUsers } from "./prepare.ts";
import { shown } from "./progress.ts";
import { json, type Result, resultOf, words } from "./report.ts";
import { connectSandbox, sandboxSetting } from "./sandbox.ts";

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const settings = commandSettings((read) => {
    const client = clientSettings(read, SERVICES);
    const rules = { shipping: shippingRule(read), pointsPerUnit: pointsPerUnit(read) };
    return { client, rules, sandboxUrl: sandboxSetting(read, client) };
  });
  const day = await readDay(readRetail(options.file), options.limit);
  if (day.orders.length === 0) throw new FileFault(`${options.file} has no order to place`);
  const result = await replay(day, { ...settings, options });
  console.log(options.json ? json(result) : words(result));
  return result.same && result.audit?.clean !== false ? 0 : 1;
}

type Settings = { client: ClientSettings<ServiceName>; rules: PayRules; sandboxUrl: string };

async function replay(
  day: Day,
  { client, rules, sandboxUrl, options }: Settings & { options: Options },
): Promise<Result> {
  const { file, inFlight } = options;
  const { shipping: rule } = rules;
  const shop = connectShop(client);
  try {
    await checkRunning(shop, client, { paying: options.pay });
    const sandbox = options.pay ? await connectSandbox(sandboxUrl) : undefined;
    const run = newRun();
    const loadAverageBefore = loadNow();
    const begin = performance.now();
    const prepared = await prepare(day, { shop, run });
    const preparationSeconds = (performance.now() - begin) / 1_000;
    const placing = { shop, run, prepared, rule, inFlight };
    const placed = await shown("orders", day.orders.length, (bar) =>
      placeOrders(day, { ...placing, bar }),
    );
    const machine = {
      cores: availableParallelism(),
      loadAverageBefore,
      loadAverageAfter: loadNow(),
    };
    const paidDay = sandbox && (await payDay(day, { ...placing, sandbox, placed }));
    const paid =
      paidDay && sandbox
        ? { ...paidDay, rules, sandbox, paymentIds: paidDay.paid.paymentIds }
        : undefined;
    const repeated = placed.repeated > 0;
    const comparison = await compareShop(day, { shop, prepared, rule, repeated, paid });
    const audit = paidDay && (await auditAfter());
    const measured = { preparationSeconds, placed, paidDay, comparison, audit, machine };
    return resultOf({ file, run, inFlight, day, rule, ...measured });
  } finally {
    shop.close();
  }
}

async function prepare(day: Day, { shop, run }: { shop: Shop; run: string }) {
  const goodsIds = await shown("goods", day.items.length, (bar) =>
    createGoods(day, { shop, run, bar }),
  );
  const userIds = await shown("users", day.customerIds.length, (bar) =>
    registerUsers(day, { shop, run, bar }),
  );
  return { goodsIds, userIds };
}

function loadNow(): number[] {
  return loadavg().map((load) => Number(load.toFixed(2)));
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: Error) => {
    const asked = [UsageError, FileFault, SettingsError].some((kind) => error instanceof kind);
    const advice = error instanceof UsageError ? " (--help tells how)" : "";
    const told = asked || error instanceof ShopTrouble;
    console.error(told ? `${error.message}${advice}` : error);
    process.exitCode = asked ? 2 : 1;
  },
);

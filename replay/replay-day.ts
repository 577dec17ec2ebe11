import { availableParallelism, loadavg } from "node:os";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { assertRunning, connectAdministrator } from "../ops/command/shop-clients.ts";
import type { Day } from "../testbed/retail/day.ts";
import { auditAfter } from "./audit-after.ts";
import { compareShop } from "./compare.ts";
import type { PayRules } from "./expected-money.ts";
import { payDay } from "./pay-day.ts";
import { placeOrders } from "./place.ts";
import { newRun, type Prepared, prepare, takeOffShelf } from "./prepare.ts";
import { withProgress } from "./progress.ts";
import { connectProvider, type PayingName } from "./provider.ts";
import { type Result, resultOf } from "./report.ts";

/** Replays a day to the shop of the settings; see run.ts for the steps. */
export async function replayDay(
  day: Day,
  options: {
    client: ClientSettings<ServiceName>;
    rules: PayRules;
    sandboxUrl: string;
    simulatorsUrl: string;
    provider: PayingName;
    file: string;
    inFlight: number;
    pay: boolean;
  },
): Promise<Result> {
  const { client, rules, file, inFlight, pay } = options;
  const { shipping: rule, currency } = rules;
  const shop = connectAdministrator(client, "replay");
  let prepared: Prepared | undefined;
  try {
    await assertRunning(shop, client, ["goods", "user", "order", ...(pay ? ["pay" as const] : [])]);
    const provider = pay ? await connectProvider(options.provider, options) : undefined;
    const run = newRun();
    const loadAverageBefore = loadAverages();
    const begin = performance.now();
    prepared = await prepare(day, { shop, run });
    const preparationSeconds = (performance.now() - begin) / 1_000;
    const placing = { shop, run, prepared, rule, inFlight };
    const placed = await withProgress("orders", day.orders.length, (bar) =>
      placeOrders(day, { ...placing, bar }),
    );
    const machine = {
      cores: availableParallelism(),
      loadAverageBefore,
      loadAverageAfter: loadAverages(),
    };
    const paidDay = provider && (await payDay(day, { ...placing, provider, placed }));
    const paid =
      paidDay && provider
        ? { ...paidDay, rules, provider, paymentIds: paidDay.paid.paymentIds }
        : undefined;
    const retried = placed.repeated > 0;
    const comparison = await compareShop(day, { shop, prepared, rule, retried, paid });
    const audit = paidDay && (await auditAfter());
    const measured = { preparationSeconds, placed, paidDay, comparison, audit, machine };
    return resultOf({ file, run, inFlight, day, rule, currency, ...measured });
  } finally {
    try {
      if (prepared) await takeOffShelf(shop, prepared);
    } finally {
      shop.close();
    }
  }
}

function loadAverages(): number[] {
  return loadavg().map((load) => Number(load.toFixed(2)));
}

import { audit } from "../../ops/audit/audit.ts";
import { openLook, schemasOf } from "../../ops/audit/database.ts";
import { platformAt } from "../../ops/audit/platform-source.ts";
import type { RunningShop } from "../../testbed/measured/shop.ts";
import type { Engines } from "../target.ts";

/** What the audit of the shop's books said. */
export type Audited = { rules: number; broken: string[]; seconds: number };

const MAX_ITEMS = 5;

/** Audits a shop in which nothing is under way any more: nothing is excused for being in motion. */
export async function auditShop(
  { mysqlUrl }: Pick<Engines, "mysqlUrl">,
  shop: Pick<RunningShop, "namespace" | "sandboxUrl">,
): Promise<Audited> {
  const begin = performance.now();
  const scope = {
    ...schemasOf(shop.namespace),
    currency: "EUR",
    settleSeconds: 60,
    abandonedAfterSeconds: 20,
  };
  const platform = await platformAt(shop.sandboxUrl);
  const report = await audit({
    scope,
    open: () => openLook({ url: mysqlUrl, scope, platform }),
    platform: platform !== undefined,
    quietSeconds: 0,
    againAfterMs: 0,
    maxItems: MAX_ITEMS,
  });
  return {
    rules: report.rules.filter(({ looked }) => looked).length,
    broken: report.rules.flatMap(({ name, broken, items }) =>
      broken === 0 ? [] : [`${name}: ${broken}, as ${items.map(({ item }) => item).join(", ")}`],
    ),
    seconds: (performance.now() - begin) / 1_000,
  };
}

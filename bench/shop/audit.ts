import { auditShop as auditData, DEFAULT_RULES } from "../../ops/audit/shop.ts";
import type { Engines } from "../../testbed/engines/engines.ts";
import type { RunningShop } from "./shop.ts";

/** The result of the audit of the shop's books. */
export type Audited = { rules: number; broken: string[]; seconds: number };

const MAX_ITEMS = 5;

/** Audits a quiet shop: nothing is excused as being in motion. */
export async function auditShop(
  { mysqlUrl }: Pick<Engines, "mysqlUrl">,
  shop: Pick<RunningShop, "namespace" | "sandboxUrl">,
): Promise<Audited> {
  const begin = performance.now();
  const { namespace, sandboxUrl } = shop;
  const report = await auditData(
    { namespace, mysqlUrl, sandboxUrl, ...DEFAULT_RULES },
    { quietSeconds: 0, settleSeconds: 60, againAfterMs: 0, maxItems: MAX_ITEMS },
  );
  return {
    rules: report.rules.filter(({ looked }) => looked).length,
    broken: report.rules.flatMap(({ name, broken, items }) =>
      broken === 0 ? [] : [`${name}: ${broken}, as ${items.map(({ item }) => item).join(", ")}`],
    ),
    seconds: (performance.now() - begin) / 1_000,
  };
}

import assert from "node:assert/strict";
import { audit, type Report } from "../../ops/audit/audit.ts";
import { providerAt } from "../../ops/audit/provider-source.ts";
import { DEFAULT_RULES } from "../../ops/audit/shop.ts";
import { openSnapshot, type Snapshot } from "../../ops/audit/snapshot.ts";
import { schemasOf } from "../../ops/command/database.ts";
import { eventually } from "../eventually.ts";
import type { Shop } from "../shop/shop.ts";

/** Audits as `npm run audit` does, except that a recent change alone does not count as motion. */
export async function auditShop(
  shop: Pick<Shop, "namespace" | "sandbox">,
  options: { openSnapshot?: () => Promise<Snapshot> } = {},
): Promise<Report> {
  const url = process.env.SHOP_MYSQL_URL ?? "";
  const scope = { ...schemasOf(shop.namespace), ...DEFAULT_RULES, settleSeconds: 60 };
  const provider = await providerAt(shop.sandbox.url);
  return audit({
    scope,
    openSnapshot: options.openSnapshot ?? (() => openSnapshot({ url, scope, provider })),
    hasProvider: provider !== undefined,
    quietSeconds: 0,
    againAfterMs: 0,
    maxItems: 20,
  });
}

/** One line for each item that breaks a rule. */
export function brokenIn(report: Report): string[] {
  return report.rules.flatMap(({ name, items }) =>
    items.map(({ item, says }) => `${name}: ${item} ${says}`),
  );
}

/**
 * Resolves when nothing is in motion and no rule is broken. Fails with what is left after
 * `withinMs`.
 */
export async function auditIsClean(
  shop: Pick<Shop, "namespace" | "sandbox">,
  options: { withinMs?: number } = {},
): Promise<Report> {
  const { withinMs = 60_000 } = options;
  return eventually(
    async () => {
      const report = await auditShop(shop);
      assert.deepEqual(brokenIn(report), []);
      const { pendingOrders, undeliveredEvents, refundsAtProvider, failingMessages } =
        report.motion;
      assert.deepEqual(
        [pendingOrders, undeliveredEvents, refundsAtProvider, failingMessages],
        [0, 0, 0, 0],
      );
      return report;
    },
    { withinMs },
  );
}

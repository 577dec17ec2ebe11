import assert from "node:assert/strict";
import { audit, type Report } from "../../ops/audit/audit.ts";
import type { Look } from "../../ops/audit/database.ts";
import { openLook, schemasOf } from "../../ops/audit/database.ts";
import { type PlatformSource, platformAt } from "../../ops/audit/platform-source.ts";
import { eventually } from "../eventually.ts";
import type { Shop } from "../shop/shop.ts";

/** As the command audits, but with nothing taken for in motion only because it is young. */
export async function auditShop(
  shop: Pick<Shop, "namespace" | "sandbox">,
  options: { open?: () => Promise<Look>; platform?: PlatformSource } = {},
): Promise<Report> {
  const url = process.env.SHOP_MYSQL_URL ?? "";
  const scope = {
    ...schemasOf(shop.namespace),
    currency: "EUR",
    settleSeconds: 60,
    abandonedAfterSeconds: 20,
  };
  const platform = options.platform ?? (await platformAt(shop.sandbox.url));
  return audit({
    scope,
    open: options.open ?? (() => openLook({ url, scope, platform })),
    platform: platform !== undefined,
    quietSeconds: 0,
    againAfterMs: 0,
    maxItems: 20,
  });
}

/** What is broken, a line for each item. */
export function brokenIn(report: Report): string[] {
  return report.rules.flatMap(({ name, items }) =>
    items.map(({ item, says }) => `${name}: ${item} ${says}`),
  );
}

/** Resolves when nothing is in motion and the audit is clean; fails with what is left when the time is over. */
export async function auditIsClean(
  shop: Pick<Shop, "namespace" | "sandbox">,
  options: { withinMs?: number } = {},
): Promise<Report> {
  const { withinMs = 60_000 } = options;
  return eventually(
    async () => {
      const report = await auditShop(shop);
      assert.deepEqual(brokenIn(report), []);
      const { pendingOrders, undeliveredEvents, refundsAtThePlatform, failingMessages } =
        report.motion;
      assert.deepEqual(
        [pendingOrders, undeliveredEvents, refundsAtThePlatform, failingMessages],
        [0, 0, 0, 0],
      );
      return report;
    },
    { withinMs },
  );
}

import { audit } from "../../../ops/audit/audit.ts";
import { openLook, schemasOf } from "../../../ops/audit/database.ts";
import { platformAt } from "../../../ops/audit/platform-source.ts";
import type { System } from "../../../testbed/system/system.ts";

/** What the shop may take to get right by itself. */
export const SETTLE_SECONDS = 60;
const AGAIN_AFTER_MS = 500;
const MAX_ITEMS = 20;

export function auditScope({ namespace, settings }: System) {
  return { ...schemasOf(namespace), ...settings, settleSeconds: SETTLE_SECONDS };
}

/**
 * All rules of `npm run audit`, the platform's ledger included: a line for each item that breaks one, up to so many items
 * a rule.
 */
export async function brokenRules(system: System, maxItems = MAX_ITEMS): Promise<string[]> {
  const platform = await platformAt(system.sandbox.url);
  if (!platform) return ["the platform does not say what it knows"];
  const scope = auditScope(system);
  const report = await audit({
    scope,
    open: () => openLook({ url: system.database.url, scope, platform }),
    platform: true,
    quietSeconds: 0,
    againAfterMs: AGAIN_AFTER_MS,
    maxItems,
  });
  return report.rules.flatMap(({ name, items, broken }) => [
    ...items.map(({ item, says }) => `${name}: ${item} ${says}`),
    ...(broken > items.length ? [`${name}: and ${broken - items.length} more`] : []),
  ]);
}

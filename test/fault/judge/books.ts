import { audit } from "../../../ops/audit/audit.ts";
import { providerAt } from "../../../ops/audit/provider-source.ts";
import { openSnapshot } from "../../../ops/audit/snapshot.ts";
import { schemasOf } from "../../../ops/command/database.ts";
import type { System } from "../../../testbed/system/system.ts";

/** The time that the shop may need to become consistent without help. */
const SETTLE_SECONDS = 60;
const AGAIN_AFTER_MS = 500;
const MAX_ITEMS = 20;

export function auditScope({ namespace, settings }: System) {
  return { ...schemasOf(namespace), ...settings, settleSeconds: SETTLE_SECONDS };
}

/**
 * Checks all rules of `npm run audit`, the provider's records included. Returns a line for each
 * item that breaks a rule, for at most `maxItems` items of each rule.
 */
export async function brokenRules(system: System, maxItems = MAX_ITEMS): Promise<string[]> {
  const provider = await providerAt(system.sandbox.url);
  if (!provider) return ["the provider does not answer"];
  const scope = auditScope(system);
  const report = await audit({
    scope,
    openSnapshot: () => openSnapshot({ url: system.database.url, scope, provider }),
    hasProvider: true,
    quietSeconds: 0,
    againAfterMs: AGAIN_AFTER_MS,
    maxItems,
  });
  return report.rules.flatMap(({ name, items, broken }) => [
    ...items.map(({ item, says }) => `${name}: ${item} ${says}`),
    ...(broken > items.length ? [`${name}: and ${broken - items.length} more`] : []),
  ]);
}

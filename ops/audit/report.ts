import type { Report, RuleReport } from "./audit.ts";

/** For people: what is broken first names its rule, then each item. */
export function reportText(report: Report, namespace: string): string {
  const { rules, motion, broken } = report;
  const looked = rules.filter((rule) => rule.looked);
  const width = Math.max(...rules.map(({ name }) => name.length));
  const lines = rules.flatMap((rule) => [
    `  ${mark(rule)}  ${rule.name.padEnd(width)}  ${rule.says}`,
    ...rule.items.map(({ item, says }) => `          ${item}: ${says}`),
    ...(rule.broken > rule.items.length
      ? [`          and ${rule.broken - rule.items.length} more`]
      : []),
  ]);
  const faulty = rules.filter((rule) => rule.broken > 0).length;
  const verdict =
    broken === 0
      ? `clean: all ${looked.length} rules hold`
      : `BROKEN: ${broken} items break ${faulty} of ${looked.length} rules`;
  return [
    ...lines,
    "",
    `in motion: ${motion.pendingOrders} orders pending, ${motion.changedOrders} just changed, ` +
      `${motion.undeliveredEvents} events on their way, ${motion.refundsAtThePlatform} refunds at ` +
      `the platform, ${motion.failingMessages} messages being tried again`,
    ...(looked.length < rules.length
      ? ["not looked at: the platform, which does not answer (SHOP_SANDBOX_URL, --sandbox-store)"]
      : []),
    `${namespace}: ${verdict}`,
  ].join("\n");
}

function mark({ looked, broken, inMotion }: RuleReport): string {
  if (!looked) return "  -   ";
  if (broken > 0) return "BROKEN";
  return inMotion > 0 ? "moving" : "  ok  ";
}

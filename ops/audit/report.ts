import { table } from "../command/table.ts";
import type { Report, RuleReport } from "./audit.ts";

const ITEM_INDENT = " ".repeat(10);

/** The report for people: each rule, with the items that break it, and the result at the end. */
export function reportText(report: Report, namespace: string): string {
  const { rules, broken, unseen } = report;
  const checked = rules.filter(({ looked }) => looked);
  const lines = table(
    rules.map((rule) => [mark(rule), rule.name, rule.says]),
    { indent: 2 },
  ).split("\n");
  const brokenRules = rules.filter((rule) => rule.broken > 0).length;
  const result =
    broken > 0
      ? `BROKEN: ${broken} items break ${brokenRules} of ${checked.length} rules`
      : checked.length < rules.length
        ? `INCOMPLETE: ${checked.length} of ${rules.length} rules hold, the others were not checked`
        : `clean: all ${checked.length} rules hold`;
  return [
    ...rules.flatMap((rule, index) => [lines[index], ...itemLines(rule)]),
    "",
    motionLine(report),
    ...unseen.map((part) => `not seen: ${part}`),
    `${namespace}: ${result}`,
  ].join("\n");
}

function itemLines({ items, broken }: RuleReport): string[] {
  const more = broken - items.length;
  return [
    ...items.map(({ item, says }) => `${ITEM_INDENT}${item}: ${says}`),
    ...(more > 0 ? [`${ITEM_INDENT}and ${more} more`] : []),
  ];
}

function motionLine({ motion }: Report): string {
  return [
    `in motion: ${motion.pendingOrders} pending orders`,
    `${motion.changedOrders} recently changed orders`,
    `${motion.undeliveredEvents} undelivered events`,
    `${motion.refundsAtProvider} refunds at the provider`,
    `${motion.failingMessages} messages being retried`,
  ].join(", ");
}

function mark({ looked, broken, inMotion }: RuleReport): string {
  if (!looked) return "-";
  if (broken > 0) return "BROKEN";
  return inMotion > 0 ? "moving" : "ok";
}

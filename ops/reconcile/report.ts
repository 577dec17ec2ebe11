import { amountText } from "#platform/values/currencies.ts";
import type { StatementRow } from "../../services/pay/providers/statement.ts";
import { ExitCode } from "../command/command.ts";
import { table } from "../command/table.ts";
import { at } from "./difference.ts";
import type { Reconciled, Unseen } from "./reconcile.ts";

export type Report = { day: string; reconciled: Reconciled[]; unseen: Unseen[] };

/** What a statement adds up to, by kind of row and currency. */
type Total = { what: string; currency: string; count: number; cents: bigint };

const NAMES: Readonly<Record<StatementRow["kind"], string>> = {
  payment: "payments",
  refund: "refunds",
  refund_failure: "refunds that came back",
  dispute: "disputes",
  dispute_reversal: "disputes that came back",
  fee: "other fees",
  other: "payouts and other",
};

/** The totals of a statement; rows that moved no money count, with no amount. */
export function totalsOf(rows: readonly StatementRow[]): Total[] {
  const totals = new Map<string, Total>();
  const add = (what: string, currency: string, cents: bigint) => {
    const key = `${what} ${currency}`;
    const total = totals.get(key) ?? { what, currency, count: 0, cents: 0n };
    totals.set(key, { ...total, count: total.count + 1, cents: total.cents + cents });
  };
  for (const { kind, state, amountCents, currency } of rows) {
    add(NAMES[kind], currency, state === "void" ? 0n : amountCents);
  }
  for (const { feeCents, feeCurrency } of rows) {
    if (feeCents !== 0n) add("fees", feeCurrency, feeCents);
  }
  return [...totals.values()];
}

/** The report for people. */
export function reportText({ day, reconciled, unseen }: Report): string {
  const lines = reconciled.flatMap((one) => [...providerLines(one, day), ""]);
  return [
    ...lines,
    ...unseen.map(({ provider, why }) => `${provider}: not looked at: ${why}`),
    conclusion({ day, reconciled, unseen }),
  ].join("\n");
}

function providerLines(one: Reconciled, day: string): string[] {
  const { bounds, statement, differences, undecided } = one;
  const { provider, rows } = statement;
  const totals = totalsOf(rows).map(({ what, count, cents, currency }) => {
    return [what, String(count), amountText(cents, currency)];
  });
  const disputes = rows.filter(({ kind }) => kind.startsWith("dispute"));
  return [
    `${provider}, ${day} (from ${at(bounds.from).slice(3)} to ${at(bounds.to).slice(3)})`,
    ...(totals.length === 0 ? ["  nothing moved"] : table(totals, { indent: 2 }).split("\n")),
    ...disputes.map(({ kind, reference, amountCents, currency, time }) => {
      const moved = kind === "dispute" ? "took" : "gave back";
      return `  dispute ${reference} ${moved} ${amountText(amountCents, currency)} ${at(time)}`;
    }),
    ...differences.map(({ kind, item, says }) => `  ! ${kind}: ${item} ${says}`),
    ...undecided.map((text) => `  ? ${text}`),
  ];
}

function conclusion({ day, reconciled, unseen }: Report): string {
  const found = reconciled.reduce((sum, { differences }) => sum + differences.length, 0);
  if (found > 0) return `${day}: ${found} ${found === 1 ? "difference" : "differences"}`;
  const open = reconciled.some(({ undecided }) => undecided.length > 0);
  if (open || unseen.length > 0) return `${day}: INCOMPLETE: no difference in what was looked at`;
  return `${day}: no difference`;
}

/** The report as one line of JSON; amounts are texts of minor units. */
export function reportJson({ day, reconciled, unseen }: Report): string {
  const providers = reconciled.map(({ bounds, statement, differences, undecided }) => ({
    provider: statement.provider,
    from: bounds.from,
    to: bounds.to,
    totals: totalsOf(statement.rows),
    disputes: statement.rows.filter(({ kind }) => kind.startsWith("dispute")),
    differences,
    undecided,
  }));
  return JSON.stringify({ day, providers, unseen }, (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

/** 1 if something differs, 3 if something could not be looked at. */
export function exitCodeOf({
  reconciled,
  unseen,
}: Pick<Report, "reconciled" | "unseen">): ExitCode {
  if (reconciled.some(({ differences }) => differences.length > 0)) return ExitCode.FAILED;
  const open = reconciled.some(({ undecided }) => undecided.length > 0);
  return open || unseen.length > 0 ? ExitCode.INCOMPLETE : ExitCode.DONE;
}

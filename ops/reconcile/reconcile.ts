import type { Connection } from "mysql2/promise";
import type { PaymentProvider } from "../../services/pay/providers/provider.ts";
import {
  dayBounds,
  StatementFault,
  type StatementRow,
} from "../../services/pay/providers/statement.ts";
import { STATEMENTS } from "../../services/pay/providers/statements.ts";
import { messageOf } from "../command/command.ts";
import { type Comparison, compare } from "./compare.ts";
import { at, type Bounds } from "./difference.ts";
import { readOurRows } from "./our-rows.ts";

/** The statement of one provider and day; without rows, nothing moved. */
export type Statement = { provider: string; day: string; rows: StatementRow[] };

/** A statement, compared with the shop. */
export type Reconciled = Comparison & { bounds: Bounds; statement: Statement };

/** Why a provider could not be compared. */
export type Unseen = { provider: string; why: string };

/** The rows of a file. Throws a StatementFault where it is damaged, or of another day. */
export function readStatement(provider: string, file: Uint8Array, day: string): StatementRow[] {
  const rows = formatOf(provider).read(file);
  const { from, to } = boundsOf(provider, day);
  for (const { place, time } of rows) {
    if (time >= from && time < to) continue;
    throw new StatementFault(`${place} is of ${at(time).slice(3)}, which is not on ${day}`);
  }
  return rows;
}

/** The bounds of a day of the provider. */
export function boundsOf(provider: string, day: string): Bounds {
  const bounds = dayBounds(day, formatOf(provider).aheadMs);
  if (!bounds) throw new Error(`${day} is not a day`);
  return bounds;
}

function formatOf(provider: string) {
  const format = STATEMENTS.get(provider);
  if (!format) throw new Error(`the statements of ${provider} have no known format`);
  return format;
}

/** Fetches the statement of a day. Its text says why there is none. */
export async function fetchStatement(
  provider: PaymentProvider,
  day: string,
): Promise<StatementRow[] | string> {
  try {
    const file = await provider.statement(day);
    if (file === "empty") return [];
    if (file === "not_yet") return `the statement of ${day} is not made yet`;
    return readStatement(provider.name, file, day);
  } catch (error) {
    return messageOf(error);
  }
}

/** Compares a statement with the rows of the pay schema. */
export async function reconcile(
  { connection, pay }: { connection: Connection; pay: string },
  statement: Statement,
): Promise<Reconciled> {
  const { provider, day, rows } = statement;
  const bounds = boundsOf(provider, day);
  const { hasDisputes } = formatOf(provider);
  const scope = { connection, pay, provider, hasDisputes };
  const ours = await readOurRows(scope, rows, bounds);
  return { bounds, statement, ...compare(rows, ours, bounds) };
}

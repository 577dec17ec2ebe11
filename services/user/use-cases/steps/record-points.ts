import type { Transaction } from "#platform/db/database.ts";
import { decidePoints, pointChanges, type Spending } from "../../domain/points.ts";
import { insertPoints, readPoints } from "../../store/logs.ts";
import { addToUsers } from "../../store/users.ts";
import type { Parts } from "../parts.ts";

/**
 * Logs changes of what orders spent and updates the points of their users. The transaction must
 * have locked the users, so that no other one can log the same orders.
 */
export async function recordPoints(
  tx: Transaction,
  { identifiers, pointRate }: Pick<Parts, "identifiers" | "pointRate">,
  changes: readonly Spending[],
): Promise<void> {
  const spent = changes.filter(({ spentCents }) => spentCents !== 0n);
  const log = await readPoints(
    tx,
    spent.map(({ orderId }) => orderId),
  );
  const entries = decidePoints(spent, log, pointRate);
  await addToUsers(tx, "points", pointChanges(entries));
  await insertPoints(tx, entries, identifiers.next);
}

import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateSql } from "#platform/db/rows.ts";
import { expression, NOW } from "#platform/db/sql.ts";
import type { RowOf } from "#platform/db/tables.ts";
import { type Dispute, DisputeStatus } from "../domain/dispute.ts";
import { DISPUTES } from "./entities.ts";

const KNOWN = DISPUTES.pick(
  "status",
  "amountCents",
  "withdrawnCents",
  "withdrawnFeeCents",
  "reinstatedCents",
  "reinstatedFeeCents",
);

const NEW_DISPUTE = [
  "provider",
  "disputeId",
  "paymentId",
  "status",
  "amountCents",
  "currency",
  "withdrawnCents",
  "withdrawnFeeCents",
  "withdrawnTime",
  "reinstatedCents",
  "reinstatedFeeCents",
  "reinstatedTime",
  "closeTime",
] as const;

type Key = { provider: string; disputeId: string };

export async function lockDispute(
  tx: Transaction,
  { provider, disputeId }: Key,
): Promise<Dispute | undefined> {
  const [row] = await tx.select<RowOf<typeof KNOWN>>(
    `select ${KNOWN.sql} from disputes where provider = ? and dispute_id = ? for update`,
    [provider, disputeId],
  );
  if (!row) return undefined;
  return {
    status: row.status,
    amountCents: row.amountCents,
    withdrawn: moved(row.withdrawnCents, row.withdrawnFeeCents),
    reinstated: moved(row.reinstatedCents, row.reinstatedFeeCents),
  };
}

function moved(amountCents: bigint | null, feeCents: bigint | null) {
  return amountCents === null ? null : { amountCents, feeCents: feeCents ?? 0n };
}

/** Inserts or changes a dispute. Each time is that of the notice which first reported it. */
export async function writeDispute(
  tx: Transaction,
  { provider, disputeId, ...about }: Key & { paymentId: bigint; currency: string },
  { dispute, isNew }: { dispute: Dispute; isNew: boolean },
): Promise<void> {
  const { status, amountCents, withdrawn, reinstated } = dispute;
  const firstTime = (column: string, has: boolean) =>
    has ? (isNew ? NOW : expression(`coalesce(${column}, now(3))`)) : null;
  const fields = {
    status,
    amountCents,
    withdrawnCents: withdrawn?.amountCents ?? null,
    withdrawnFeeCents: withdrawn?.feeCents ?? null,
    withdrawnTime: firstTime("withdrawn_time", withdrawn !== null),
    reinstatedCents: reinstated?.amountCents ?? null,
    reinstatedFeeCents: reinstated?.feeCents ?? null,
    reinstatedTime: firstTime("reinstated_time", reinstated !== null),
    closeTime: firstTime("close_time", status !== DisputeStatus.OPEN),
  };
  const row = { provider, disputeId, ...about, ...fields };
  if (isNew) await insertRows(tx, DISPUTES, NEW_DISPUTE, [row]);
  else await tx.write(updateSql(DISPUTES, fields, { provider, disputeId }));
}

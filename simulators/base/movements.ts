import { alphanumeric } from "./ids.ts";
import type { Row, Sql } from "./store.ts";
import type { FaceName, Trade } from "./trades.ts";

type MovementType = "charge" | "refund" | "refund_failure" | "dispute" | "dispute_reversal";

/**
 * One movement of money on the merchant's account: money in is positive. Statements are made of
 * these rows alone, so they cannot differ from the account.
 */
export type Movement = {
  seq: number;
  id: string;
  face: FaceName;
  type: MovementType;
  trade: string;
  /** The charge, refund or dispute that caused it. */
  source: string;
  amount: bigint;
  /** What the provider keeps; negative where it gives back. */
  fee: bigint;
  currency: string;
  atMs: number;
};

export function addMovement(
  sql: Sql,
  trade: Trade,
  movement: Pick<Movement, "type" | "source" | "amount" | "fee" | "atMs">,
): void {
  sql.run(
    `insert into movements (id, face, type, trade, source, amount, fee, currency, at_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      `txn_${alphanumeric(24)}`,
      trade.face,
      movement.type,
      trade.number,
      movement.source,
      movement.amount,
      movement.fee,
      trade.currency,
      movement.atMs,
    ],
  );
}

/** The movements of a face in a period, the end exclusive, in order. */
export function movementsOf(
  sql: Pick<Sql, "all">,
  face: FaceName,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Movement[] {
  return sql
    .all("select * from movements where face = ? and at_ms >= ? and at_ms < ? order by seq", [
      face,
      fromMs,
      toMs,
    ])
    .map(movementOfRow);
}

export function movementOfRow(row: Row): Movement {
  return {
    seq: Number(row.seq),
    id: String(row.id),
    face: row.face as FaceName,
    type: row.type as MovementType,
    trade: String(row.trade),
    source: String(row.source),
    amount: row.amount as bigint,
    fee: row.fee as bigint,
    currency: String(row.currency),
    atMs: Number(row.at_ms),
  };
}

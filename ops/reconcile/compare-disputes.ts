import { amountText } from "#platform/values/currencies.ts";
import type { StatementRow } from "../../services/pay/providers/statement.ts";
import {
  amountFault,
  at,
  type Bounds,
  type Difference,
  DifferenceKind,
  difference,
  itemOf,
} from "./difference.ts";

/** Money that a dispute moved, and when the shop learned of it. */
type Moved = { amountCents: bigint; time: Date };

/** A dispute as the pay service has it. */
export type OurDispute = {
  /** The provider's number. */
  disputeId: string;
  paymentId: bigint;
  currency: string;
  /** Null until the provider has taken the money, and given it back. */
  withdrawn: Moved | null;
  reinstated: Moved | null;
};

const { DISPUTE_ONLY_THERE, DISPUTE_ONLY_HERE, DISPUTE_DIFFERS } = DifferenceKind;

const MOVES = { dispute: "left", dispute_reversal: "came back" } as const;
type Move = keyof typeof MOVES;

export function compareDisputes(
  statement: readonly StatementRow[],
  disputes: readonly OurDispute[],
  bounds: Bounds,
): Difference[] {
  return (Object.keys(MOVES) as Move[]).flatMap((move) =>
    compareMove(move, statement, { disputes, bounds }),
  );
}

function compareMove(
  move: Move,
  statement: readonly StatementRow[],
  { disputes, bounds }: { disputes: readonly OurDispute[]; bounds: Bounds },
): Difference[] {
  const ours = new Map(
    disputes.flatMap(({ disputeId, currency, withdrawn, reinstated }) => {
      const moved = move === "dispute" ? withdrawn : reinstated;
      return moved ? [[disputeId, { ...moved, currency }] as const] : [];
    }),
  );
  const seen = new Set<string>();
  const found = statement
    .filter(({ kind }) => kind === move)
    .flatMap((row): Difference[] => {
      const item = `dispute ${row.reference || row.place}`;
      const dispute = ours.get(row.reference);
      const amount = amountText(
        row.amountCents < 0n ? -row.amountCents : row.amountCents,
        row.currency,
      );
      if (!dispute) {
        const says = `${amount} of ${itemOf(row)} ${MOVES[move]} ${at(row.time)} there, but not here`;
        return [difference(DISPUTE_ONLY_THERE, item, says)];
      }
      if (seen.has(row.reference)) {
        return [difference(DISPUTE_DIFFERS, item, `is in the statement again (${row.place})`)];
      }
      seen.add(row.reference);
      const faults = amountFault(row, dispute);
      return faults.map((fault) => difference(DISPUTE_DIFFERS, item, fault));
    });
  const missing = [...ours].filter(([disputeId, { time }]) => {
    return time >= bounds.from && time < bounds.to && !seen.has(disputeId);
  });
  return [
    ...found,
    ...missing.map(([disputeId, { amountCents, currency, time }]) => {
      const says = `${amountText(amountCents, currency)} ${MOVES[move]} here, known ${at(time)}, but not there`;
      return difference(DISPUTE_ONLY_HERE, `dispute ${disputeId}`, says);
    }),
  ];
}

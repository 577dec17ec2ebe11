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

/** Money that a dispute moved, as the pay service has it. */
export type OurDispute = {
  /** The provider's number. */
  disputeId: string;
  paymentId: bigint | null;
  amountCents: bigint;
  currency: string;
  /** When the money left, and when it came back, as far as it did. */
  withdrawTime: Date | null;
  returnTime: Date | null;
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
  const timeOf = ({ withdrawTime, returnTime }: OurDispute) =>
    move === "dispute" ? withdrawTime : returnTime;
  const ours = new Map(
    disputes.filter((dispute) => timeOf(dispute)).map((dispute) => [dispute.disputeId, dispute]),
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
  const missing = [...ours.values()].filter((dispute) => {
    const time = timeOf(dispute);
    return time && time >= bounds.from && time < bounds.to && !seen.has(dispute.disputeId);
  });
  return [
    ...found,
    ...missing.map((dispute) => {
      const says = `${amountText(dispute.amountCents, dispute.currency)} ${MOVES[move]} here, but not there`;
      return difference(DISPUTE_ONLY_HERE, `dispute ${dispute.disputeId}`, says);
    }),
  ];
}

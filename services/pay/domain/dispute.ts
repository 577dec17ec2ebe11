import type { DisputeNotice } from "./notice.ts";

export const DisputeStatus = { OPEN: 1, WON: 2, LOST: 3 } as const;
export type DisputeStatus = (typeof DisputeStatus)[keyof typeof DisputeStatus];

/** Money that a dispute moved, and the provider's fee with it. */
type Moved = { amountCents: bigint; feeCents: bigint };

export type Dispute = {
  status: DisputeStatus;
  amountCents: bigint;
  /** Taken from the shop. Null until then. */
  withdrawn: Moved | null;
  /** Given back to the shop. Null until then. */
  reinstated: Moved | null;
};

type About = Pick<DisputeNotice, "state" | "amountCents" | "feeCents">;

/**
 * A dispute after one notice, or undefined if the notice adds nothing. Notices arrive repeatedly
 * and in any order: an end stays an end, and money is withdrawn and reinstated once each.
 */
export function afterDisputeNotice(known: Dispute | undefined, notice: About): Dispute | undefined {
  const { state, amountCents, feeCents } = notice;
  const dispute = known ?? {
    status: DisputeStatus.OPEN,
    amountCents,
    withdrawn: null,
    reinstated: null,
  };
  switch (state) {
    case "funds_withdrawn":
      if (dispute.withdrawn) return undefined;
      return { ...dispute, withdrawn: { amountCents, feeCents } };
    case "funds_reinstated":
      if (dispute.reinstated) return undefined;
      return { ...dispute, reinstated: { amountCents, feeCents } };
    case "won":
    case "lost":
      if (dispute.status !== DisputeStatus.OPEN) return undefined;
      return { ...dispute, status: state === "won" ? DisputeStatus.WON : DisputeStatus.LOST };
    default:
      return known ? undefined : dispute;
  }
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { afterDisputeNotice, type Dispute, DisputeStatus } from "./dispute.ts";

const { OPEN, WON, LOST } = DisputeStatus;

const noticeOf = (
  state: Parameters<typeof afterDisputeNotice>[1]["state"],
  amountCents = 700n,
  feeCents = 0n,
) => ({ state, amountCents, feeCents });

describe("a dispute", () => {
  it("is opened by its first notice, whichever it is", () => {
    const opened = { status: OPEN, amountCents: 700n, withdrawn: null, reinstated: null };
    assert.deepEqual(afterDisputeNotice(undefined, noticeOf("opened")), opened);
    assert.deepEqual(afterDisputeNotice(undefined, noticeOf("updated")), opened);
    assert.deepEqual(afterDisputeNotice(undefined, noticeOf("lost")), { ...opened, status: LOST });
    const withdrawn = { amountCents: 700n, feeCents: 15n };
    assert.deepEqual(afterDisputeNotice(undefined, noticeOf("funds_withdrawn", 700n, 15n)), {
      ...opened,
      withdrawn,
    });
  });

  it("ends the same in whichever order and how often its notices arrive", () => {
    const notices = [
      noticeOf("opened"),
      noticeOf("updated"),
      noticeOf("funds_withdrawn", 700n, 15n),
      noticeOf("won"),
      noticeOf("funds_reinstated", 700n, 0n),
    ];
    const arrivals = fc.shuffledSubarray([...notices, ...notices], { minLength: 10 });
    fc.assert(
      fc.property(arrivals, (arrived) => {
        let dispute: Dispute | undefined;
        let moves = 0;
        for (const notice of arrived) {
          const after = afterDisputeNotice(dispute, notice);
          if (!after) continue;
          if (after.withdrawn !== (dispute?.withdrawn ?? null)) moves += 1;
          if (after.reinstated !== (dispute?.reinstated ?? null)) moves += 1;
          dispute = after;
        }
        assert.deepEqual(dispute, {
          status: WON,
          amountCents: 700n,
          withdrawn: { amountCents: 700n, feeCents: 15n },
          reinstated: { amountCents: 700n, feeCents: 0n },
        });
        assert.equal(moves, 2);
      }),
    );
  });

  it("keeps its end", () => {
    const won = afterDisputeNotice(undefined, noticeOf("won"));
    for (const state of ["opened", "updated", "won", "lost"] as const) {
      assert.equal(afterDisputeNotice(won, noticeOf(state)), undefined);
    }
  });
});

import assert from "node:assert/strict";
import { ParticipantState } from "#platform/values/participant.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  closedReservation,
  earlyReservation,
  type Line,
  outcomeOf,
  requestFault,
} from "./reservation.ts";

const line = (goodsId: bigint, quantity = 1n): Line => ({
  goodsId,
  quantity,
  unitPriceCents: 500n,
});

const held = { orderId: 1n, state: ParticipantState.HELD, refusal: undefined };

describe("outcomeOf", () => {
  it("repeats the first answer, and refuses a released order", () => {
    const taken = new Map([[7n, 2n]]);
    const request = { orderId: 1n, lines: [line(7n, 2n)] };
    assert.deepEqual(outcomeOf(held, request, taken), { orderId: 1n });
    const refusal = new Refusal(Reason.STOCK_NOT_ENOUGH, { goods_id: "7" });
    const refused = { orderId: 1n, state: ParticipantState.REFUSED, refusal };
    assert.equal(outcomeOf(refused, request, undefined).refusal, refusal);
    const closed = outcomeOf(closedReservation(request), request, taken);
    assert.equal(closed.refusal?.reason, Reason.ORDER_CLOSED);
  });

  it("refuses other lines for an order that holds stock", () => {
    const taken = new Map([[7n, 2n]]);
    for (const lines of [[line(7n, 1n)], [line(8n, 2n)], [line(7n, 2n), line(8n)]]) {
      const { refusal } = outcomeOf(held, { orderId: 1n, lines }, taken);
      assert.equal(refusal?.reason, Reason.INVALID_ARGUMENT);
    }
  });

  it("stops at an order that is not decided", () => {
    const request = { orderId: 1n, lines: [line(7n)] };
    assert.throws(
      () => outcomeOf(earlyReservation(request), request, undefined),
      /order 1 is not decided yet/,
    );
  });
});

describe("requestFault", () => {
  it("names the field of a malformed request", () => {
    const options = { field: "r[3]", maxLines: 2 };
    for (const [field, bad] of [
      ["r[3].order_id", { orderId: 0n, lines: [line(7n)] }],
      ["r[3].lines", { orderId: 1n, lines: [] }],
      ["r[3].lines", { orderId: 1n, lines: [line(7n), line(8n), line(9n)] }],
      ["r[3].lines[1].goods_id", { orderId: 1n, lines: [line(7n), line(7n)] }],
      ["r[3].lines[0].goods_id", { orderId: 1n, lines: [line(0n)] }],
      ["r[3].lines[0].quantity", { orderId: 1n, lines: [line(7n, 0n)] }],
      [
        "r[3].lines[0].unit_price_cents",
        { orderId: 1n, lines: [{ ...line(7n), unitPriceCents: -1n }] },
      ],
    ] as const) {
      const violations = requestFault(bad, options)?.violations ?? [];
      assert.deepEqual(
        violations.map((violation) => violation.field),
        [field],
      );
    }
    assert.equal(requestFault({ orderId: 1n, lines: [line(7n), line(8n)] }, options), undefined);
  });
});

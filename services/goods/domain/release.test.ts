import assert from "node:assert/strict";
import { ParticipantState } from "#platform/values/participant.ts";
import { releaseMovements } from "./release.ts";
import { closedReservation, earlyReservation, type Reservation } from "./reservation.ts";

const heldBy = (orderId: bigint): Reservation => ({
  orderId,
  state: ParticipantState.HELD,
  refusal: undefined,
});

describe("releaseMovements", () => {
  it("gives back what each order holds", () => {
    const movements = releaseMovements([heldBy(1n), heldBy(2n)], {
      held: new Map([
        [1n, new Map([[7n, 2n]])],
        [2n, new Map([[7n, 3n]])],
      ]),
      goods: new Map([[7n, { stock: 10n }]]),
    });
    assert.deepEqual(
      movements.map(({ orderId, delta, stockAfter }) => [orderId, delta, stockAfter]),
      [
        [1n, 2n, 12n],
        [2n, 3n, 15n],
      ],
    );
  });

  it("gives nothing back for orders that are not held", () => {
    const held = new Map([1n, 2n].map((orderId) => [orderId, new Map([[7n, 2n]])]));
    const goods = new Map([[7n, { stock: 10n }]]);
    const others = [closedReservation({ orderId: 1n }), earlyReservation({ orderId: 2n })];
    assert.deepEqual(releaseMovements(others, { held, goods }), []);
  });

  it("stops at goods that do not exist", () => {
    const held = new Map([[1n, new Map([[7n, 2n]])]]);
    assert.throws(
      () => releaseMovements([heldBy(1n)], { held, goods: new Map() }),
      /goods 7 do not exist, but order 1 holds 2 of them/,
    );
  });
});

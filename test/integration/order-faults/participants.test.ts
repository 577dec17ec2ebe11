import assert from "node:assert/strict";
import { Reason } from "#platform/values/refusal.ts";
import { CancelReason, OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import {
  ALL_CENTS,
  type Answer,
  answerTo,
  newShopper,
  ORDER_CENTS,
  onlyOrder,
  type PlaceRequest,
  possessed,
  type Shopper,
} from "../../../testbed/orders/shoppers.ts";
import { crash } from "../../../testbed/shop/crashes.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

/** The call and the transactions by which each participant serves an order. */
const participants = [
  {
    service: "goods",
    command: "shop.goods.v1.GoodsService/ReserveStock",
    take: "reserve-stock",
    release: "release-stock",
    ledger: "reservations",
  },
  {
    service: "coupon",
    command: "shop.coupon.v1.CouponService/UseCoupons",
    take: "use-coupons",
    release: "release-coupons",
    ledger: "coupon_uses",
  },
  {
    service: "user",
    command: "shop.user.v1.UserService/DeductBalance",
    take: "deduct-balance",
    release: "release-balance",
    ledger: "balance_holds",
  },
] as const;

const moments = ["begin", "commit.before", "commit.after"];
/** How long an order waits for a participant. */
const STEP_MS = 3_000;

describe("a participant of an order", function () {
  this.timeout(90_000);
  let shop: Shop;
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order", "pay"] });
  });
  after(() => shop?.stop());

  const placed: { shopper: Shopper; request: PlaceRequest; answer: Answer }[] = [];

  /** Resolves once the order service reaches every restarted participant. */
  const reached = (shopper: Shopper) =>
    eventually(() => shopper.as.order.quoteOrder(shopper.request()));

  async function place(shopper: Shopper, changes: Partial<PlaceRequest> = {}) {
    const request = shopper.request(changes);
    const answer = await answerTo(shopper.as.order.placeOrder(request));
    placed.push({ shopper, request, answer });
    return answer;
  }

  const assertOutage = (service: string, { refusal }: Answer) => {
    assert.equal(refusal?.reason, Reason.DEPENDENCY_UNAVAILABLE);
    assert.deepEqual(refusal.metadata, { service });
  };

  /** The participant that is down; its own next crash starts it, so it need not be restarted. */
  let dead: "goods" | "coupon" | "user" | undefined;
  async function revive(): Promise<void> {
    if (dead) await shop.restart(dead);
    dead = undefined;
  }
  async function die(
    service: "goods" | "coupon" | "user",
    point: string,
    act: () => Promise<void>,
  ) {
    if (dead !== service) await revive();
    dead = service;
    await crash(shop, { service, point, act });
  }

  for (const { service, command, take } of participants) {
    for (const point of [
      `serve.before:${command}`,
      ...moments.map((moment) => `${moment}:${take}`),
      `serve.after:${command}`,
    ]) {
      it(`${service} dies at ${point}: the order is refused and releases everything`, async () => {
        const act = async () => {
          const shopper = await newShopper(shop);
          await reached(shopper);
          assertOutage(service, await place(shopper));
        };
        await die(service, point, act);
      });
    }

    it(`${service} is down: the order is refused at once`, async () => {
      await revive();
      const shopper = await newShopper(shop);
      await shop.kill(service);
      dead = service;
      const begun = Date.now();
      assertOutage(service, await place(shopper));
      assert.ok(Date.now() - begun < STEP_MS, "the call failed without waiting");
      await revive();
    });

    it(`${service} is frozen for longer than a call may take: the order is refused`, async () => {
      const shopper = await newShopper(shop);
      await reached(shopper);
      shop.freeze(service);
      try {
        assertOutage(service, await place(shopper));
      } finally {
        shop.thaw(service);
      }
    });
  }

  it("commits without answering: the orders are refused and release everything", async () => {
    // The user service serves every order, also the one whose coupon call hangs.
    const passes = { goods: 1, coupon: 1, user: 2 };
    await Promise.all(
      participants.map(({ service, command }) => {
        const point = `serve.after:${command}:${passes[service]}:hang`;
        return shop.restart(service, { SHOP_FAILPOINT: point });
      }),
    );
    const shoppers = await Promise.all(participants.map(() => newShopper(shop)));
    const answers: Promise<Answer>[] = [];
    for (const [index, { service, ledger }] of participants.entries()) {
      const before = await count(service, ledger);
      const shopper = shoppers[index] as Shopper;
      await reached(shopper);
      answers.push(place(shopper));
      await eventually(async () => assert.ok((await count(service, ledger)) > before));
    }
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      assertOutage(participants[index]?.service ?? "", answer);
    }
  });

  const count = async (service: "goods" | "coupon" | "user", ledger: string) =>
    (await shop.sql(service, `select order_id from ${ledger}`)).length;

  const releasing = participants.flatMap(({ service, release }) =>
    [
      ...moments.map((moment) => `${moment}:${release}`),
      `ack.before:${service}_order_v1_cancelled`,
    ].map((point) => ({ service, point, balanceCents: ORDER_CENTS })),
  );
  const awarding = [
    ...moments.map((moment) => `${moment}:award-points`),
    "ack.before:user_order_v1_paid",
  ].map((point) => ({ service: "user" as const, point, balanceCents: ALL_CENTS }));

  for (const { service, point, balanceCents } of [...releasing, ...awarding]) {
    it(`${service} dies at ${point}: the event has its effect once`, async () => {
      const act = async () => {
        const shopper = await newShopper(shop);
        // A redelivered event of an earlier order may kill it first.
        await Promise.race([reached(shopper), shop.ended(service)]);
        await place(shopper, { balanceCents });
      };
      await die(service, point, act);
    });
  }

  describe("afterwards", () => {
    before(async () => {
      await revive();
      await booksBalance(shop);
    });

    it("holds nothing for refused orders and everything for the others", async () => {
      for (const { shopper, request, answer } of placed) {
        const { balanceCents } = request;
        const taken = answer.order !== undefined;
        assert.deepEqual(await shopper.possessions(), possessed({ taken, balanceCents }));
      }
    });

    it("every refused order is cancelled and repeats its reason", async () => {
      for (const { shopper, request, answer } of placed) {
        const order = await onlyOrder(shopper);
        if (answer.refusal) {
          assert.equal(order.orderStatus, OrderStatus.CANCELLED);
          assert.equal(order.cancelReason, CancelReason.PLACE_FAILED);
        }
        const again = await answerTo(shopper.as.order.placeOrder(request));
        assert.deepEqual(again.refusal, answer.refusal);
        assert.equal(again.order?.orderId, answer.order?.orderId);
      }
    });
  });
});

import assert from "node:assert/strict";
import { Outage, Reason } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { booksBalance } from "../../../testbed/orders/books.ts";
import { insertUsers } from "../../../testbed/orders/fixtures.ts";
import {
  type Answer,
  answerTo,
  newShopper,
  type PlaceRequest,
  type Shopper,
} from "../../../testbed/orders/shoppers.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";

const CLIENTS = 64;
/** Answers that arrive before anything is stopped. */
const WARMUP_ANSWERS = 200;

type Attempt = { request: PlaceRequest; answer: Answer | undefined };

describe("a graceful stop under load", function () {
  this.timeout(120_000);
  let shop: Shop;
  /** The shopper whose goods are ordered. */
  let seller: Shopper;
  let userIds: bigint[];
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order", "pay"] });
    seller = await newShopper(shop);
    userIds = await insertUsers(shop, CLIENTS);
    for (const goodsId of seller.goodsIds) {
      const more = { requestId: `more-${goodsId}`, goodsId, note: "restock" };
      await shop.admin.goods.adjustStock({ ...more, delta: 1_000_000n });
    }
  });
  after(() => shop?.stop());

  /** Repeats the request, with the same request id, until it gets an answer. */
  async function placeUntilAnswered(client: number, request: PlaceRequest): Promise<Answer> {
    return eventually(
      async () => {
        const calls = shop.user(userIds[client] as bigint).order;
        const answer = await answerTo(calls.placeOrder(request));
        assert.notEqual(answer.refusal?.reason, Reason.REQUEST_IN_PROGRESS);
        return answer;
      },
      { withinMs: 40_000 },
    );
  }

  /** Places orders from all clients until `work` is done. `patient` clients repeat requests. */
  async function whilePlacing(
    work: () => Promise<void>,
    { patient }: { patient: boolean },
  ): Promise<Attempt[]> {
    const attempts: Attempt[] = [];
    let over = false;
    const client = async (index: number) => {
      const userId = userIds[index] as bigint;
      while (!over) {
        const request = seller.request({ userId, couponId: 0n, balanceCents: 0n });
        const one: Attempt = { request, answer: undefined };
        attempts.push(one);
        try {
          const calls = shop.user(userId).order;
          one.answer = await (patient
            ? placeUntilAnswered(index, request)
            : answerTo(calls.placeOrder(request)));
        } catch (error) {
          if (!(error instanceof Outage)) throw error;
          if (!patient) return;
        }
      }
    };
    const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
    try {
      await eventually(() =>
        assert.ok(attempts.filter(({ answer }) => answer).length > WARMUP_ANSWERS),
      );
      await work();
    } finally {
      over = true;
    }
    await clients;
    return attempts;
  }

  /** Checks that every answer is repeated, and that unanswered requests have one outcome now. */
  async function checkAnswers(attempts: Attempt[]): Promise<void> {
    await booksBalance(shop);
    const again = async ({ request, answer }: Attempt) => {
      const client = userIds.indexOf(request.userId);
      const second = await placeUntilAnswered(client, request);
      if (answer) {
        assert.equal(second.order?.orderId, answer.order?.orderId);
        assert.deepEqual(second.refusal, answer.refusal);
      }
    };
    for (let start = 0; start < attempts.length; start += CLIENTS) {
      await Promise.all(attempts.slice(start, start + CLIENTS).map(again));
    }
    await booksBalance(shop);
  }

  const pending = () => shop.sql("order", "select order_id from orders where order_status = 1");

  it("of the order service gives every accepted order its outcome and exits with 0", async () => {
    const attempts = await whilePlacing(
      async () => {
        assert.equal(await shop.kill("order", "SIGTERM"), "exit 0");
        assert.deepEqual(await pending(), []);
      },
      { patient: false },
    );
    const confirmed = attempts.filter(({ answer }) => answer?.order);
    const lost = attempts.filter(({ answer }) => !answer);
    assert.ok(confirmed.length > WARMUP_ANSWERS && lost.length > 0);
    const known = await shop.sql<{ requestId: string }>(
      "order",
      "select request_id as requestId from orders",
    );
    const saved = new Set(known.map(({ requestId }) => requestId));
    for (const { request } of confirmed) assert.ok(saved.has(request.requestId));
    // No order was begun for a request that went unanswered.
    assert.deepEqual(
      lost.filter(({ request }) => saved.has(request.requestId)),
      [],
    );
    await shop.restart("order");
    await checkAnswers(attempts);
  });

  it("of the goods service confirms or refuses every order and exits with 0", async () => {
    const attempts = await whilePlacing(
      async () => {
        assert.equal(await shop.kill("goods", "SIGTERM"), "exit 0");
        await shop.restart("goods");
      },
      { patient: true },
    );
    const reasons = new Set(attempts.map(({ answer }) => answer?.refusal?.reason));
    assert.deepEqual(
      [...reasons].filter((reason) => reason !== undefined),
      [Reason.DEPENDENCY_UNAVAILABLE],
    );
    assert.deepEqual(await pending(), []);
    await checkAnswers(attempts);
  });

  it("of one service after the other leaves no client without an answer", async () => {
    const services: ServiceName[] = ["user", "order", "coupon", "goods"];
    const attempts = await whilePlacing(
      async () => {
        for (const service of services) {
          assert.equal(await shop.kill(service, "SIGTERM"), "exit 0", service);
          await shop.restart(service);
        }
      },
      { patient: true },
    );
    assert.ok(attempts.every(({ answer }) => answer));
    await checkAnswers(attempts);
  });
});

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
/** Orders of which one is answered before anything happens. */
const WARM = 200;

type Asked = { request: PlaceRequest; answer: Answer | undefined };

describe("a graceful stop under load", function () {
  this.timeout(120_000);
  let shop: Shop;
  let shelf: Shopper;
  let userIds: bigint[];
  before(async () => {
    shop = await startShop({ services: ["goods", "coupon", "user", "order", "pay"] });
    shelf = await newShopper(shop);
    userIds = await insertUsers(shop, CLIENTS);
    for (const goodsId of shelf.goodsIds) {
      const more = { requestId: `more-${goodsId}`, goodsId, note: "much" };
      await shop.admin.goods.adjustStock({ ...more, delta: 1_000_000n });
    }
  });
  after(() => shop?.stop());

  /** What a client that does not get an answer does: it asks again, with the same request id. */
  async function answered(client: number, request: PlaceRequest): Promise<Answer> {
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

  /** 64 clients place orders until `work` is done; `impatient` ones never ask twice. */
  async function under(
    work: () => Promise<void>,
    { patient }: { patient: boolean },
  ): Promise<Asked[]> {
    const asked: Asked[] = [];
    let over = false;
    const client = async (index: number) => {
      const userId = userIds[index] as bigint;
      while (!over) {
        const request = shelf.request({ userId, couponId: 0n, balanceCents: 0n });
        const one: Asked = { request, answer: undefined };
        asked.push(one);
        try {
          const calls = shop.user(userId).order;
          one.answer = await (patient
            ? answered(index, request)
            : answerTo(calls.placeOrder(request)));
        } catch (error) {
          if (!(error instanceof Outage)) throw error;
          if (!patient) return;
        }
      }
    };
    const clients = Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
    try {
      await eventually(() => assert.ok(asked.filter(({ answer }) => answer).length > WARM));
      await work();
    } finally {
      over = true;
    }
    await clients;
    return asked;
  }

  /** Every answer stands, and what was not answered has one outcome now. */
  async function checkAnswers(asked: Asked[]): Promise<void> {
    await booksBalance(shop);
    const again = async ({ request, answer }: Asked) => {
      const client = userIds.indexOf(request.userId);
      const second = await answered(client, request);
      if (answer) {
        assert.equal(second.order?.orderId, answer.order?.orderId);
        assert.deepEqual(second.refusal, answer.refusal);
      }
    };
    for (let start = 0; start < asked.length; start += CLIENTS) {
      await Promise.all(asked.slice(start, start + CLIENTS).map(again));
    }
    await booksBalance(shop);
  }

  const pending = () => shop.sql("order", "select order_id from orders where order_status = 1");

  it("of the order service: what it accepted has an outcome when it is gone, and it exits with 0", async () => {
    const asked = await under(
      async () => {
        assert.equal(await shop.kill("order", "SIGTERM"), "exit 0");
        assert.deepEqual(await pending(), []);
      },
      { patient: false },
    );
    const confirmed = asked.filter(({ answer }) => answer?.order);
    const lost = asked.filter(({ answer }) => !answer);
    assert.ok(confirmed.length > WARM && lost.length > 0);
    const known = await shop.sql<{ requestId: string }>(
      "order",
      "select request_id as requestId from orders",
    );
    const saved = new Set(known.map(({ requestId }) => requestId));
    for (const { request } of confirmed) assert.ok(saved.has(request.requestId));
    // What was refused at the door has left nothing: no order was begun whose client was not told of its end.
    assert.deepEqual(
      lost.filter(({ request }) => saved.has(request.requestId)),
      [],
    );
    await shop.restart("order");
    await checkAnswers(asked);
  });

  it("of the goods service: orders are confirmed or refused, and it exits with 0", async () => {
    const asked = await under(
      async () => {
        assert.equal(await shop.kill("goods", "SIGTERM"), "exit 0");
        await shop.restart("goods");
      },
      { patient: true },
    );
    const reasons = new Set(asked.map(({ answer }) => answer?.refusal?.reason));
    assert.deepEqual(
      [...reasons].filter((reason) => reason !== undefined),
      [Reason.DEPENDENCY_UNAVAILABLE],
    );
    assert.deepEqual(await pending(), []);
    await checkAnswers(asked);
  });

  it("of one service after the other, each started again: no client is left without an answer", async () => {
    const services: ServiceName[] = ["user", "order", "coupon", "goods"];
    const asked = await under(
      async () => {
        for (const service of services) {
          assert.equal(await shop.kill(service, "SIGTERM"), "exit 0", service);
          await shop.restart(service);
        }
      },
      { patient: true },
    );
    assert.ok(asked.every(({ answer }) => answer));
    await checkAnswers(asked);
  });
});

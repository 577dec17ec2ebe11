import assert from "node:assert/strict";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Refusal, reasonName } from "#platform/values/refusal.ts";
import type { CreateGoodsRequestSchema, StockLineSchema } from "#proto/shop/goods/v1/goods_pb.ts";
import { newGoods, newId } from "../../../testbed/orders/fixtures.ts";
import { startParticipant } from "../participant.ts";

export type GoodsUnderTest = Awaited<ReturnType<typeof startGoods>>;
export type Line = MessageInitShape<typeof StockLineSchema>;
type Refund = { orderId: bigint; refundId: bigint; lines: [goodsId: bigint, quantity: bigint][] };

/** Starts the goods service with the given number of replicas. */
export async function startGoods({ replicas = 1 } = {}) {
  const participant = await startParticipant("goods");
  const others = await Promise.all(
    Array.from({ length: replicas - 1 }, () => participant.replica()),
  );
  const orders = [participant.order, ...others.map((one) => one.service("order").goods)];

  return {
    ...participant,
    /** Reserves as the order service, at the given replica; undefined for a reserved order. */
    async reserve(
      reservations: { orderId: bigint; lines: Line[] }[],
      replica = 0,
    ): Promise<(Refusal | undefined)[]> {
      const order = orders[replica];
      assert.ok(order, `there is no replica ${replica}`);
      const { results } = await order.reserveStock({ reservations });
      assert.deepEqual(
        results.map(({ orderId }) => orderId),
        reservations.map(({ orderId }) => orderId),
      );
      return results.map(
        ({ error }) => error && new Refusal(error.reason, error.metadata, error.fieldViolations),
      );
    },
    /** Publishes that an order was cancelled and resolves to the event's id. */
    cancelled(orderId: bigint, event: { eventId?: bigint; holders?: string[] } = {}) {
      const { eventId, holders = ["goods"] } = event;
      return participant.publish("order.v1.cancelled", { orderId, holders }, eventId);
    },
    /** Publishes that a part of an order was refunded and resolves to the event's id. */
    refunded({ lines, ...refund }: Refund, eventId?: bigint) {
      const units = lines.map(([goodsId, quantity]) => ({ goodsId, quantity }));
      return participant.publish("order.v1.refunded", { ...refund, lines: units }, eventId);
    },
    /** Creates goods, by default 100 pieces at 5.00. */
    newGoods: (fields: MessageInitShape<typeof CreateGoodsRequestSchema> = {}) =>
      newGoods(participant.shop, { stock: 100n, ...fields }),
    async stockOf(goodsId: bigint) {
      const { goods } = await participant.admin.getGoods({ goodsId });
      return goods?.stock;
    },
    /** Checks what must hold at any time. */
    async audit() {
      const wrong = await participant.sql(
        `select g.goods_id from goods g left join stock_log l on l.goods_id = g.goods_id
         group by g.goods_id, g.stock having g.stock < 0 or coalesce(sum(l.delta), -1) <> g.stock`,
      );
      assert.deepEqual(wrong, [], "the stock is the sum of its log");
      const holding = await participant.sql(
        `select l.order_id from stock_log l left join reservations r on r.order_id = l.order_id
         where l.order_id is not null group by l.order_id, l.goods_id, r.state
         having r.state is null or sum(l.delta) > 0 or (r.state = 1) <> (sum(l.delta) < 0)`,
      );
      assert.deepEqual(holding, [], "exactly the held orders hold stock");
    },
    async stop() {
      await Promise.all(others.map((replica) => replica.stop()));
      await participant.stop();
    },
  };
}

/** An order that reserves one item at 5.00. */
export function orderOf(goodsId: bigint, quantity = 3n) {
  return { orderId: newId(), lines: [{ goodsId, quantity, unitPriceCents: 500n }] };
}

export function at<T>(list: readonly T[], index: number): T {
  const entry = list[index];
  assert.ok(entry !== undefined, `there is no entry ${index}`);
  return entry;
}

/** The names of the reasons; "ok" for a reserved order. */
export function outcomes(refusals: (Refusal | undefined)[]): string[] {
  return refusals.map((refusal) => (refusal ? reasonName(refusal.reason) : "ok"));
}

import {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
} from "#platform/rpc/clients.ts";
import { fromErrorInfo, type Refusal } from "#platform/values/refusal.ts";
import { type Goods, GoodsService, GoodsStatus } from "#proto/shop/goods/v1/goods_pb.ts";
import type { OrderLine } from "../domain/order.ts";

export type GoodsClient = {
  /** One outcome for each reservation; undefined where the stock was deducted. Throws an Outage for all. */
  reserve(
    reservations: { orderId: bigint; lines: OrderLine[] }[],
    options: CallOptions,
  ): Promise<(Refusal | undefined)[]>;
  /** Today's prices of those goods that exist. */
  prices(
    goodsIds: bigint[],
    options: CallOptions,
  ): Promise<Map<bigint, { unitPriceCents: bigint; stock: bigint; onSale: boolean }>>;
  close(): void;
};

/** What ListGoods gives on one page at most. */
const PAGE = 100;

export function goodsClient(options: ClientOptions): GoodsClient {
  const client: Client<typeof GoodsService> = createClient(GoodsService, options);
  return {
    async reserve(reservations, call) {
      const { results } = await client.reserveStock({ reservations }, call);
      return results.map(({ error }) => error && fromErrorInfo(error));
    },
    async prices(goodsIds, call) {
      const found: Goods[] = [];
      for (let start = 0; start < goodsIds.length; start += PAGE) {
        const page = goodsIds.slice(start, start + PAGE);
        const { goods } = await client.listGoods({ goodsIds: page, pageSize: PAGE }, call);
        found.push(...goods);
      }
      return new Map(
        found.map(({ goodsId, unitPriceCents, stock, status }) => [
          goodsId,
          { unitPriceCents, stock, onSale: status === GoodsStatus.ON_SALE },
        ]),
      );
    },
    close: client.close,
  };
}

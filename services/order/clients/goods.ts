import {
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
} from "#platform/rpc/clients.ts";
import { fromErrorInfo, type Refusal } from "#platform/values/refusal.ts";
import { type Goods, GoodsService, GoodsStatus } from "#proto/shop/goods/v1/goods_pb.ts";
import type { OrderLine, Sold } from "../domain/order.ts";

export type GoodsClient = {
  /**
   * Reserves stock. Returns for each order the refusal, or how the reserved goods are called, by
   * goods id. Throws an Outage for all.
   */
  reserve(
    reservations: { orderId: bigint; lines: OrderLine[] }[],
    options: CallOptions,
  ): Promise<(Refusal | ReadonlyMap<bigint, Sold>)[]>;
  /** The current name, price and stock of the goods that exist. */
  prices(
    goodsIds: bigint[],
    options: CallOptions,
  ): Promise<Map<bigint, Sold & { unitPriceCents: bigint; stock: bigint; onSale: boolean }>>;
  close(): void;
};

/** The largest page of ListGoods. */
const MAX_PAGE_SIZE = 100;

export function goodsClient(options: ClientOptions): GoodsClient {
  const client: Client<typeof GoodsService> = createClient(GoodsService, options);
  return {
    async reserve(reservations, call) {
      const { results, goods } = await client.reserveStock({ reservations }, call);
      const sold = new Map(goods.map(({ goodsId, name, sku }) => [goodsId, { name, sku }]));
      return results.map(({ error }) => (error ? fromErrorInfo(error) : sold));
    },
    async prices(goodsIds, call) {
      const found: Goods[] = [];
      for (let start = 0; start < goodsIds.length; start += MAX_PAGE_SIZE) {
        const page = goodsIds.slice(start, start + MAX_PAGE_SIZE);
        const list = { goodsIds: page, pageSize: MAX_PAGE_SIZE };
        let pageToken = "";
        // Long descriptions end a page early.
        do {
          const { goods, nextPageToken } = await client.listGoods({ ...list, pageToken }, call);
          found.push(...goods);
          pageToken = nextPageToken;
        } while (pageToken !== "");
      }
      return new Map(
        found.map(({ goodsId, name, sku, unitPriceCents, stock, status }) => [
          goodsId,
          { name, sku, unitPriceCents, stock, onSale: status === GoodsStatus.ON_SALE },
        ]),
      );
    },
    close: client.close,
  };
}

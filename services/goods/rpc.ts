import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Caller } from "#platform/rpc/call.ts";
import { type Implementation, implement } from "#platform/rpc/server.ts";
import { errorInfo } from "#platform/values/refusal.ts";
import {
  type GoodsSchema,
  GoodsService,
  type StockLogEntrySchema,
} from "#proto/shop/goods/v1/goods_pb.ts";
import type { StockLogEntry } from "./domain/stock.ts";
import { adjustStock } from "./use-cases/adjust-stock.ts";
import { createGoods } from "./use-cases/create-goods.ts";
import { getGoods } from "./use-cases/get-goods.ts";
import { listGoods } from "./use-cases/list-goods.ts";
import { listStockLog } from "./use-cases/list-stock-log.ts";
import type { Parts } from "./use-cases/parts.ts";
import { createReserveStock, soldGoods } from "./use-cases/reserve-stock.ts";
import type { ShownGoods } from "./use-cases/steps/show-goods.ts";
import { updateGoods } from "./use-cases/update-goods.ts";

export function goodsImplementation(parts: Parts): Implementation {
  const reserveStock = createReserveStock(parts);
  return implement(GoodsService, {
    async createGoods(request) {
      return { goods: goodsMessage(await createGoods(parts, request)) };
    },
    async updateGoods({ goodsId, updateMask, etag, ...fields }) {
      const { name, description, unitPriceCents, status, imageUrl } = fields;
      const changes = { name, description, unitPriceCents, status, imageUrl };
      const command = { goodsId, ...changes, mask: updateMask?.paths, etag };
      return { goods: goodsMessage(await updateGoods(parts, command)) };
    },
    async getGoods({ goodsId }, { caller }) {
      const goods = await getGoods(parts, goodsId, { seesAll: seesAll(caller) });
      return { goods: goodsMessage(goods) };
    },
    async listGoods(request, { caller }) {
      const viewer = { seesAll: seesAll(caller) };
      const { goods, nextPageToken } = await listGoods(parts, request, viewer);
      return { goods: goods.map(goodsMessage), nextPageToken };
    },
    async adjustStock(request) {
      return { stock: await adjustStock(parts, request) };
    },
    async reserveStock({ reservations }) {
      const outcomes = await reserveStock(reservations);
      const results = outcomes.map(({ orderId, refusal }) => ({
        orderId,
        ...(refusal && { error: errorInfo(refusal) }),
      }));
      const goods = soldGoods(outcomes).map((item) => ({ ...item, sku: item.sku ?? "" }));
      return { results, goods };
    },
    async listStockLog(request) {
      const { entries, nextPageToken } = await listStockLog(parts, request);
      return { entries: entries.map(entryMessage), nextPageToken };
    },
  });
}

/** Shoppers see neither the stock in numbers nor lists of what they cannot order. */
function seesAll({ kind }: Caller): boolean {
  return kind === "admin" || kind === "service";
}

function goodsMessage(goods: ShownGoods): MessageInitShape<typeof GoodsSchema> {
  return {
    goodsId: goods.goodsId,
    sku: goods.sku ?? "",
    name: goods.name,
    description: goods.description,
    unitPriceCents: goods.unitPriceCents,
    stock: goods.stock,
    status: goods.status,
    imageUrl: goods.imageUrl,
    createTime: timestampFromDate(goods.createTime),
    updateTime: timestampFromDate(goods.updateTime),
    etag: goods.etag,
    availability: goods.availability,
  };
}

function entryMessage(entry: StockLogEntry): MessageInitShape<typeof StockLogEntrySchema> {
  return {
    goodsId: entry.goodsId,
    orderId: entry.orderId ?? 0n,
    type: entry.type,
    delta: entry.delta,
    logTime: timestampFromDate(entry.logTime),
    refundId: entry.refundId,
  };
}

import { defineEntity, p } from "@mikro-orm/mysql";
import type { GoodsStatus } from "../domain/goods.ts";
import type { StockLogType } from "../domain/stock.ts";

/** Used for reads. The statements in this folder write the rows. */
export const GoodsEntity = defineEntity({
  name: "Goods",
  tableName: "goods",
  properties: {
    goodsId: p.bigint().primary(),
    sku: p.string().strictNullable(),
    name: p.string(),
    description: p.text(),
    unitPriceCents: p.bigint(),
    stock: p.bigint(),
    status: p.smallint().$type<GoodsStatus>(),
    imageUrl: p.string(),
    createTime: p.datetime(3),
    updateTime: p.datetime(3),
  },
});

export const StockLogEntity = defineEntity({
  name: "StockLog",
  tableName: "stock_log",
  properties: {
    logId: p.bigint().primary(),
    goodsId: p.bigint(),
    orderId: p.bigint().strictNullable(),
    type: p.smallint().$type<StockLogType>(),
    delta: p.bigint(),
    refundId: p.bigint(),
    logTime: p.datetime(3),
  },
});

export const entities = [GoodsEntity, StockLogEntity];

import { defineEntity, p } from "@mikro-orm/mysql";
import { tableOf } from "#platform/db/tables.ts";
import type { ParticipantState } from "#platform/values/participant.ts";
import type { GoodsStatus } from "../domain/goods.ts";
import type { StockLogType } from "../domain/stock.ts";

/** The database's time when the row is inserted; it also sets updateTime with each update. */
const NOW = "current_timestamp(3)";

export const GoodsEntity = defineEntity({
  name: "Goods",
  tableName: "goods",
  properties: {
    goodsId: p.bigint().primary(),
    /** Makes CreateGoods idempotent. */
    requestId: p.string(),
    requestFingerprint: p.blob(),
    sku: p.string().strictNullable(),
    name: p.string(),
    description: p.text(),
    unitPriceCents: p.bigint(),
    stock: p.bigint(),
    status: p.smallint().$type<GoodsStatus>().default(1),
    imageUrl: p.string(),
    createTime: p.datetime(3).defaultRaw(NOW),
    updateTime: p.datetime(3).defaultRaw(NOW),
  },
});

const ReservationEntity = defineEntity({
  name: "Reservation",
  tableName: "reservations",
  properties: {
    orderId: p.bigint().primary(),
    state: p.smallint().$type<ParticipantState>(),
    /** The refusal of a refused order, encoded. */
    refusal: p.blob().strictNullable(),
    createTime: p.datetime(3).defaultRaw(NOW),
    updateTime: p.datetime(3).defaultRaw(NOW),
  },
});

export const StockLogEntity = defineEntity({
  name: "StockLog",
  tableName: "stock_log",
  properties: {
    logId: p.bigint().primary(),
    goodsId: p.bigint(),
    /** Null for an adjustment. */
    orderId: p.bigint().strictNullable(),
    type: p.smallint().$type<StockLogType>(),
    delta: p.bigint(),
    stockAfter: p.bigint(),
    /** 0n unless a refund caused the row. */
    refundId: p.bigint().default(0),
    note: p.string().default(""),
    /** Makes AdjustStock idempotent. */
    requestId: p.string().strictNullable(),
    logTime: p.datetime(3).defaultRaw(NOW),
  },
});

const EarlyRefundEntity = defineEntity({
  name: "EarlyRefund",
  tableName: "early_returns",
  properties: {
    refundId: p.bigint().primary(),
    goodsId: p.bigint().primary(),
    orderId: p.bigint(),
    quantity: p.bigint(),
  },
});

export const entities = [GoodsEntity, ReservationEntity, StockLogEntity, EarlyRefundEntity];

export const GOODS = tableOf(GoodsEntity);
export const RESERVATIONS = tableOf(ReservationEntity);
export const STOCK_LOG = tableOf(StockLogEntity);
export const EARLY_REFUNDS = tableOf(EarlyRefundEntity);

import { Readable } from "node:stream";
import type { HttpAnswer } from "#platform/http/answer.ts";
import { movementOfRow } from "../base/movements.ts";
import { noticeOfRow } from "../base/notices.ts";
import { type Refund, refundOfRow } from "../base/refunds.ts";
import type { Row, Sql, Store } from "../base/store.ts";
import { type Trade, tradeOfRow } from "../base/trades.ts";

const LISTS: Record<string, (row: Row) => object> = {
  trades: (row) => tradeJson(tradeOfRow(row)),
  refunds: (row) => refundJson(refundOfRow(row)),
  movements: (row) => {
    const { seq: _, amount, fee, ...movement } = movementOfRow(row);
    return { ...movement, amount: String(amount), fee: String(fee) };
  },
  notices: (row) => {
    const { content: _, ...notice } = noticeOfRow(row);
    return notice;
  },
  disputes: ({ id, face, trade, amount, state }) => ({
    id,
    face,
    trade,
    amount: String(amount),
    state,
  }),
};

/** Streams the whole ledger as of one moment. Amounts are strings of minor units. */
export function dumpState(store: Store): HttpAnswer {
  const body = Readable.from(stateText(store));
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body };
}

function* stateText(store: Store): Generator<string> {
  const sql = store.snapshot();
  try {
    let open = "{";
    for (const [table, toJson] of Object.entries(LISTS)) {
      yield `${open}"${table}":[`;
      yield* list(sql, table, toJson);
      open = "],\n";
    }
    yield "]}\n";
  } finally {
    sql.close();
  }
}

function* list(sql: Sql, table: string, toJson: (row: Row) => object): Generator<string> {
  let separator = "\n";
  for (const row of sql.each(`select * from ${table} order by rowid`)) {
    yield `${separator}${JSON.stringify(toJson(row))}`;
    separator = ",\n";
  }
}

export function tradeJson(trade: Trade) {
  const { amount, coupon, refunded, fields, ...rest } = trade;
  return {
    ...rest,
    reference: String(fields.client_reference_id ?? trade.number),
    amount: String(amount),
    coupon: String(coupon),
    refunded: String(refunded),
  };
}

export function refundJson(refund: Refund) {
  const { amount, fields: _, ...rest } = refund;
  return { ...rest, amount: String(amount) };
}

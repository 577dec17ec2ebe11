import type { Fields } from "./fields.ts";
import type { Row, Sql } from "./store.ts";

export const FACES = ["alipay", "wechatpay", "stripe"] as const;
export type FaceName = (typeof FACES)[number];

/**
 * created: the merchant has a link, but the provider has no trade yet (Alipay). processing: the
 * shopper is done and the money is not there yet (Stripe). finished: no longer refundable (Alipay).
 */
export type TradeState =
  | "created"
  | "open"
  | "processing"
  | "paid"
  | "closed"
  | "failed"
  | "finished";

/** A payment. `number` is the one that the merchant uses: its own, or Stripe's session id. */
export type Trade = {
  face: FaceName;
  number: string;
  /** In the address of the checkout page. */
  token: string;
  /** The provider's own id. Undefined until it has one. */
  providerId: string | undefined;
  amount: bigint;
  currency: string;
  /** The part that the shopper paid with a coupon of the provider. */
  coupon: bigint;
  state: TradeState;
  /** The sum of its succeeded refunds. */
  refunded: bigint;
  createMs: number;
  expireMs: number;
  /** How the shopper pays; the face defines the names. */
  method: string;
  /** When a payment in processing has its outcome. */
  settleMs: number | undefined;
  payMs: number | undefined;
  closeMs: number | undefined;
  notifyUrl: string;
  returnUrl: string;
  /** What the merchant sent when it opened the trade. */
  fields: Fields;
};

type Reader = Pick<Sql, "get" | "all">;
type NewTrade = Omit<Trade, "coupon" | "refunded" | "method" | "settleMs" | "payMs" | "closeMs">;

export function tradeOf(sql: Reader, face: FaceName, number: string): Trade | undefined {
  const row = sql.get("select * from trades where face = ? and number = ?", [face, number]);
  return row && tradeOfRow(row);
}

export function tradeOfToken(sql: Reader, face: FaceName, token: string): Trade | undefined {
  const row = sql.get("select * from trades where face = ? and token = ?", [face, token]);
  return row && tradeOfRow(row);
}

export function tradeOfProvider(sql: Reader, face: FaceName, id: string): Trade | undefined {
  const row = sql.get("select * from trades where face = ? and provider_id = ?", [face, id]);
  return row && tradeOfRow(row);
}

export function addTrade(sql: Sql, trade: NewTrade): Trade {
  sql.run(
    `insert into trades (face, number, token, provider_id, amount, currency, state, create_ms,
       expire_ms, notify_url, return_url, fields) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      trade.face,
      trade.number,
      trade.token,
      trade.providerId ?? null,
      trade.amount,
      trade.currency,
      trade.state,
      trade.createMs,
      trade.expireMs,
      trade.notifyUrl,
      trade.returnUrl,
      JSON.stringify(trade.fields),
    ],
  );
  const unpaid = { method: "", settleMs: undefined, payMs: undefined, closeMs: undefined };
  return { ...trade, ...unpaid, coupon: 0n, refunded: 0n };
}

/** Stores the state of a trade and what changes with it. Returns the trade as it is now. */
export function changeTrade(
  sql: Sql,
  trade: Trade,
  change: Partial<
    Pick<
      Trade,
      "state" | "providerId" | "coupon" | "refunded" | "method" | "settleMs" | "payMs" | "closeMs"
    >
  >,
): Trade {
  const now = { ...trade, ...change };
  sql.run(
    `update trades set state = ?, provider_id = ?, coupon = ?, refunded = ?, method = ?,
       settle_ms = ?, pay_ms = ?, close_ms = ? where face = ? and number = ?`,
    [
      now.state,
      now.providerId ?? null,
      now.coupon,
      now.refunded,
      now.method,
      now.settleMs ?? null,
      now.payMs ?? null,
      now.closeMs ?? null,
      now.face,
      now.number,
    ],
  );
  return now;
}

/** Trades in one of the two waiting states whose time is over, the oldest first. */
export function expiredTrades(sql: Reader, face: FaceName, nowMs: number): Trade[] {
  return sql
    .all(
      `select * from trades where face = ? and state in ('created', 'open') and expire_ms <= ?
       order by expire_ms limit 1000`,
      [face, nowMs],
    )
    .map(tradeOfRow);
}

/** Payments in processing whose outcome is due. */
export function dueTrades(sql: Reader, face: FaceName, nowMs: number): Trade[] {
  return sql
    .all("select * from trades where face = ? and settle_ms <= ? order by settle_ms limit 1000", [
      face,
      nowMs,
    ])
    .map(tradeOfRow);
}

export function tradeOfRow(row: Row): Trade {
  const ms = (value: Row[string] | undefined) =>
    value === null || value === undefined ? undefined : Number(value);
  return {
    face: row.face as FaceName,
    number: String(row.number),
    token: String(row.token),
    providerId: row.provider_id === null ? undefined : String(row.provider_id),
    amount: row.amount as bigint,
    currency: String(row.currency),
    coupon: row.coupon as bigint,
    state: row.state as TradeState,
    refunded: row.refunded as bigint,
    createMs: Number(row.create_ms),
    expireMs: Number(row.expire_ms),
    method: String(row.method),
    settleMs: ms(row.settle_ms),
    payMs: ms(row.pay_ms),
    closeMs: ms(row.close_ms),
    notifyUrl: String(row.notify_url),
    returnUrl: String(row.return_url),
    fields: JSON.parse(String(row.fields)) as Fields,
  };
}

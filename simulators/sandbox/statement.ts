import { type HttpAnswer, HttpProblem } from "#platform/http/answer.ts";
import { json } from "./api.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Row } from "./store.ts";

const DAY_MS = 86_400_000;

/**
 * The payments and refunds of a day of UTC, in order. A day that is not over has what there is
 * until now. The numbers of both stand at the end, so that a statement that was cut off shows.
 */
export function statement({ store }: Sandbox, day: string): HttpAnswer {
  const from = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(from) || new Date(from).toISOString().slice(0, 10) !== day) {
    throw new HttpProblem(400, "the day must be as 2026-11-26");
  }
  const bounds = [from, from + DAY_MS];
  const payments = store.read.all(
    "select * from payments where pay_ms >= ? and pay_ms < ? order by pay_ms, trade_id",
    bounds,
  );
  const refunds = store.read.all(
    `select r.*, p.trade_id, p.currency from refunds r
     join payments p on p.merchant_trade_id = r.merchant_trade_id
     where r.state = 'succeeded' and r.refund_ms >= ? and r.refund_ms < ?
     order by r.refund_ms, r.merchant_refund_id`,
    bounds,
  );
  return json(200, {
    day,
    rows: [
      ...payments.map((row) => ({ type: "payment", ...common(row), time: time(row.pay_ms) })),
      ...refunds.map((row) => ({
        type: "refund",
        ...common(row),
        merchant_refund_id: row.merchant_refund_id,
        time: time(row.refund_ms),
      })),
    ],
    payments: payments.length,
    refunds: refunds.length,
  });
}

function common({ merchant_trade_id, trade_id, amount_cents, currency }: Row) {
  return { merchant_trade_id, trade_id, amount_cents: String(amount_cents), currency };
}

function time(ms: unknown): string {
  return new Date(Number(ms)).toISOString();
}

import { Readable } from "node:stream";
import { type HttpAnswer, HttpProblem } from "#platform/http/answer.ts";
import { json, spoken, unknownPayment } from "./api.ts";
import { isFake, parseFaults } from "./faults.ts";
import { type Payment, payment, paymentOf } from "./ledger.ts";
import { MAX_COPIES, MAX_DUMPS } from "./limits.ts";
import { noticeFor, noticeOf } from "./notices.ts";
import { type Platform, pay } from "./platform.ts";
import type { Row, Sql, Store } from "./store.ts";

/** The faults that are named, and no others. */
export function setFaults({ faults, dispatcher }: Platform, body: unknown): HttpAnswer {
  const wanted = parseFaults(body);
  if (typeof wanted === "string") throw new HttpProblem(400, wanted);
  faults.current = wanted;
  dispatcher.nudge();
  return json(200, wanted);
}

/** Pays without a browser. */
export async function payNow(platform: Platform, merchantTradeId: string): Promise<HttpAnswer> {
  const found = paymentOf(platform.store.read, merchantTradeId);
  const done = found && (await pay(platform, found.tradeId));
  if (!done) return unknownPayment();
  return json(done.payment.state === "paid" ? 200 : 409, spoken(done.payment));
}

/**
 * Sends callbacks about a payment right now, past schedule and faults: `kind` is "genuine" or one of the fakes, `times`
 * how many at the same moment. Answers with what the shop answered to each.
 */
export async function sendNow(
  { store, sender }: Platform,
  merchantTradeId: string,
  body: Record<string, unknown>,
): Promise<HttpAnswer> {
  const { kind = "genuine", times = 1, as } = body;
  if (kind !== "genuine" && !isFake(kind)) throw new HttpProblem(400, "kind: there is none such");
  if (!Number.isInteger(times) || (times as number) < 1 || (times as number) > MAX_COPIES) {
    throw new HttpProblem(400, `times must be from 1 to ${MAX_COPIES}`);
  }
  if (as !== undefined && typeof as !== "string") throw new HttpProblem(400, "as: must be text");
  const about = paymentOf(store.read, merchantTradeId);
  if (!about) return unknownPayment();
  const notice = noticeFor(store.read, merchantTradeId) ?? noticeOf(about, Date.now());
  const copies = Array.from({ length: times as number }, () => sender.send(notice, kind, as));
  const deliveries = await Promise.all(copies);
  return json(200, { answers: deliveries.map(({ answer }) => answer) });
}

let dumps = 0;

/** Everything that the platform knows, as of one moment, for the audit. */
export function dumpState({ store, faults }: Platform): HttpAnswer {
  if (dumps >= MAX_DUMPS) throw new HttpProblem(503, "busy", { headers: { "retry-after": "1" } });
  dumps += 1;
  const body = Readable.from(stateText(store, faults.current));
  body.once("close", () => {
    dumps -= 1;
  });
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body };
}

function* stateText(store: Store, faults: object): Generator<string> {
  const sql = store.snapshot();
  try {
    yield `{"faults":${JSON.stringify(faults)}`;
    yield* list(sql, "payments", (row) => spokenPayment(payment(row)));
    yield* list(sql, "refunds", spokenRefund);
    yield* list(sql, "notices", spokenNotice);
    yield* list(sql, "fakes", ({ merchant_trade_id, kind, answer }) => {
      return { merchant_trade_id, kind, answer };
    });
    yield "}\n";
  } finally {
    sql.close();
  }
}

function* list(sql: Sql, table: string, speak: (row: Row) => object): Generator<string> {
  yield `,\n"${table}":[`;
  let separator = "\n";
  for (const row of sql.each(`select * from ${table} order by rowid`)) {
    yield `${separator}${JSON.stringify(speak(row))}`;
    separator = ",\n";
  }
  yield "]";
}

function spokenPayment(one: Payment) {
  return { ...spoken(one), notify_url: one.notifyUrl, return_url: one.returnUrl };
}

function spokenRefund(row: Row) {
  const { merchant_refund_id, merchant_trade_id, amount_cents, state, cause, refund_ms } = row;
  return {
    merchant_refund_id,
    merchant_trade_id,
    amount_cents: String(amount_cents),
    state,
    cause: cause ?? undefined,
    refund_time: new Date(Number(refund_ms)).toISOString(),
  };
}

function spokenNotice({ notice_id, merchant_trade_id, state, attempts, last_answer }: Row) {
  return {
    notice_id,
    merchant_trade_id,
    state,
    attempts: Number(attempts),
    last_answer: last_answer ?? undefined,
  };
}

import { Readable } from "node:stream";
import { type HttpAnswer, HttpProblem } from "#platform/http/answer.ts";
import { json, paymentJson, unknownPayment } from "./api.ts";
import { isFake, parseFaults } from "./faults.ts";
import { type Payment, paymentOf, paymentOfRow } from "./ledger.ts";
import { MAX_COPIES, MAX_DUMPS } from "./limits.ts";
import { newNotice, storedNotice } from "./notices.ts";
import { pay, type Sandbox } from "./sandbox.ts";
import type { Row, Sql, Store } from "./store.ts";

/** Sets the faults in the body, and clears all others. */
export function setFaults({ faults, dispatcher }: Sandbox, body: unknown): HttpAnswer {
  const parsed = parseFaults(body);
  if (typeof parsed === "string") throw new HttpProblem(400, parsed);
  faults.current = parsed;
  dispatcher.nudge();
  return json(200, parsed);
}

/** Pays without a browser. */
export async function payNow(sandbox: Sandbox, merchantTradeId: string): Promise<HttpAnswer> {
  const found = paymentOf(sandbox.store.read, merchantTradeId);
  const done = found && (await pay(sandbox, found.tradeId));
  if (!done) return unknownPayment();
  return json(done.payment.state === "paid" ? 200 : 409, paymentJson(done.payment));
}

/**
 * Sends callbacks about a payment now, regardless of schedule and faults. `kind` is "genuine" or a
 * fake, `times` the number of copies sent at once. Answers with the shop's answer to each.
 */
export async function sendNow(
  { store, sender }: Sandbox,
  merchantTradeId: string,
  body: Record<string, unknown>,
): Promise<HttpAnswer> {
  const { kind = "genuine", times = 1, as } = body;
  if (kind !== "genuine" && !isFake(kind))
    throw new HttpProblem(400, "kind must be genuine or a fake of fakes.ts");
  if (!Number.isInteger(times) || (times as number) < 1 || (times as number) > MAX_COPIES) {
    throw new HttpProblem(400, `times must be an integer from 1 to ${MAX_COPIES}`);
  }
  if (as !== undefined && typeof as !== "string") throw new HttpProblem(400, "as must be a string");
  const payment = paymentOf(store.read, merchantTradeId);
  if (!payment) return unknownPayment();
  const notice = storedNotice(store.read, merchantTradeId) ?? newNotice(payment, Date.now());
  const copies = Array.from({ length: times as number }, () => sender.send(notice, kind, as));
  const deliveries = await Promise.all(copies);
  return json(200, { answers: deliveries.map(({ answer }) => answer) });
}

let dumps = 0;

/** Streams all payments, refunds, notices and fakes as of one moment, for the audit. */
export function dumpState({ store, faults }: Sandbox): HttpAnswer {
  if (dumps >= MAX_DUMPS)
    throw new HttpProblem(503, "too many dumps under way, retry later", {
      headers: { "retry-after": "1" },
    });
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
    yield* list(sql, "payments", (row) => fullPaymentJson(paymentOfRow(row)));
    yield* list(sql, "refunds", refundJson);
    yield* list(sql, "pending_refunds", ({ merchant_refund_id }) => ({ merchant_refund_id }));
    yield* list(sql, "notices", noticeJson);
    yield* list(sql, "fakes", ({ merchant_trade_id, kind, answer }) => {
      return { merchant_trade_id, kind, answer };
    });
    yield "}\n";
  } finally {
    sql.close();
  }
}

function* list(sql: Sql, table: string, toJson: (row: Row) => object): Generator<string> {
  yield `,\n"${table}":[`;
  let separator = "\n";
  for (const row of sql.each(`select * from ${table} order by rowid`)) {
    yield `${separator}${JSON.stringify(toJson(row))}`;
    separator = ",\n";
  }
  yield "]";
}

function fullPaymentJson(payment: Payment) {
  return {
    ...paymentJson(payment),
    notify_url: payment.notifyUrl,
    return_url: payment.returnUrl,
  };
}

function refundJson(row: Row) {
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

function noticeJson({ notice_id, merchant_trade_id, state, attempts, last_answer }: Row) {
  return {
    notice_id,
    merchant_trade_id,
    state,
    attempts: Number(attempts),
    last_answer: last_answer ?? undefined,
  };
}

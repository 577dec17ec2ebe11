import type { Transaction } from "#platform/db/database.ts";
import { fingerprint } from "#platform/values/fingerprint.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { advance, applyTransition } from "../domain/order-state.ts";
import {
  checkRefundRequest,
  hasRefundKey,
  type PlannedRefund,
  planRefund,
  RefundStatus,
} from "../domain/refunds.ts";
import { MAX_LINES, MAX_NOTE } from "../limits.ts";
import { type LockedOrder, lockOrders } from "../store/lock-orders.ts";
import type { StoredOrder } from "../store/read-orders.ts";
import { readLines } from "../store/read-orders.ts";
import {
  findRefundRequest,
  insertRefunds,
  refundsOf,
  type StoredRefund,
  writeProgress,
} from "../store/refunds.ts";
import { getOrder } from "./get-order.ts";
import type { CallContext, WriteParts } from "./parts.ts";
import { orderNotFound } from "./steps/find-order.ts";
import {
  afterRefund,
  refundedEvent,
  refundRequestedEvent,
  refundValue,
} from "./steps/refunding.ts";
import { recordTransitions } from "./steps/transitions.ts";

type RefundCommand = {
  requestId: string;
  orderId: bigint;
  /** Empty refunds all that is left, or only the goodwill if there is one. */
  lines: { goodsId: bigint; quantity: bigint }[];
  note: string;
  /** Keeps the goods out of the stock. */
  keepStock: boolean;
  /** Refunded without goods. */
  goodwillCents: bigint;
};

/**
 * Refunds a paid order, whole, by lines, or by an amount without goods. If a part of the money goes
 * back through the provider, the refund is requested here and finished by track-refunds; otherwise
 * it is finished at once.
 * Idempotent by `requestId`.
 */
export async function refundOrder(
  parts: WriteParts,
  command: RefundCommand,
  call: CallContext,
): Promise<StoredOrder> {
  const refusal = checkRefundRequest(command, { maxLines: MAX_LINES, maxNote: MAX_NOTE });
  if (refusal && !hasRefundKey(command)) throw refusal;
  const print = fingerprintOf(command);
  await parts.database.transact("refund-order", async (tx) => {
    // After locking the order, so that a concurrent repetition waits and finds the first request.
    const order = (await lockOrders(tx, [command.orderId])).get(command.orderId);
    const earlier = await findRefundRequest(tx, command.requestId);
    if (earlier) {
      if (earlier.orderId === command.orderId && earlier.fingerprint.equals(print)) return;
      throw new Refusal(Reason.REQUEST_ID_REUSED);
    }
    // Only a new request is refused by the rules of today.
    if (refusal) throw refusal;
    if (!order) throw orderNotFound(command.orderId);
    applyTransition(order, "requestRefund");
    const refunds = await refundsOf(tx, [order.orderId]);
    const planned = planRefund(
      { ...order, lines: await readLines(tx, order.orderId) },
      soFarOf(refunds),
      command,
    );
    await saveRefund(tx, parts, { order, refunds, planned, command, print, call });
  });
  return getOrder(parts, command.orderId, call);
}

type Requested = {
  order: LockedOrder;
  refunds: StoredRefund[];
  planned: PlannedRefund;
  command: RefundCommand;
  print: Buffer;
  call: CallContext;
};

/** Writes the refund, its transitions and its event. */
async function saveRefund(tx: Transaction, parts: WriteParts, requested: Requested): Promise<void> {
  const { order, refunds, planned, command, call } = requested;
  const { actor, traceparent } = call;
  const refund = {
    ...planned,
    refundId: parts.identifiers.next(),
    orderId: order.orderId,
    paymentId: planned.payAmountCents > 0n ? order.paymentId : 0n,
    latePaymentId: null,
    status: RefundStatus.REQUESTED,
    note: command.note,
    keepStock: command.keepStock,
  };
  const { requestId } = command;
  await insertRefunds(tx, [{ ...refund, request: { requestId, fingerprint: requested.print } }]);
  const refunding = advance(order, "requestRefund");
  const by = { actor, cause: "RefundOrder", detail: `refund ${refund.refundId}` };
  if (planned.payAmountCents > 0n) {
    await recordTransitions(tx, parts, [{ order: refunding, by }]);
    await parts.outbox.add(tx, [refundRequestedEvent(order, refund, traceparent)]);
    return;
  }
  const { SUCCEEDED: status } = RefundStatus;
  const done = { status, reopens: 0, pointsBaseCents: refundValue(refund) };
  await writeProgress(tx, [{ refundId: refund.refundId, ...done }]);
  const refunded = afterRefund(refunding, [...refunds, refund], refund.refundId);
  await recordTransitions(tx, parts, [
    { order: refunding, by },
    { order: refunded, by },
  ]);
  await parts.outbox.add(tx, [refundedEvent(order, refund, traceparent)]);
}

/** The sum of the refunds, without those of late payments, which have no goods. */
function soFarOf(refunds: readonly StoredRefund[]) {
  const quantities = new Map<bigint, bigint>();
  let payAmountCents = 0n;
  let goodwillCents = 0n;
  for (const refund of refunds.filter(({ latePaymentId }) => latePaymentId === null)) {
    payAmountCents += refund.payAmountCents;
    goodwillCents += refund.goodwillCents;
    for (const { goodsId, quantity } of refund.lines) {
      quantities.set(goodsId, (quantities.get(goodsId) ?? 0n) + quantity);
    }
  }
  return { quantities, payAmountCents, goodwillCents };
}

/** A request without the newer fields has the fingerprint that earlier releases stored. */
function fingerprintOf(command: RefundCommand): Buffer {
  const { orderId, lines, note, keepStock, goodwillCents } = command;
  const goods = lines.flatMap((line) => [line.goodsId, line.quantity]);
  const newer = [
    ...(keepStock ? ["keep_stock"] : []),
    ...(goodwillCents > 0n ? ["goodwill_cents", goodwillCents] : []),
  ];
  return fingerprint([orderId, note, ...goods, ...newer]);
}

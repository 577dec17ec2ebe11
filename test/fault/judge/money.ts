import { CancelReason, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import { retry } from "../../../ops/command/retry.ts";
import { idOf, operationsOf } from "../load/history.ts";
import type { Market } from "../load/market.ts";
import { doneRefunds, type Facts, isKept } from "./facts.ts";
import type { Findings } from "./findings.ts";

/** Statuses of payments whose money came in, refunded later or not. */
const CAPTURED: number[] = [
  PaymentStatus.SUCCEEDED,
  PaymentStatus.PARTIALLY_REFUNDED,
  PaymentStatus.REFUNDED,
];

/** Compares the payments in the history with the books of shop and provider. */
export function judgePayments({ history }: Market, facts: Facts, findings: Findings): void {
  const atProvider = new Map(facts.provider.payments.map((one) => [one.paymentId, one]));
  for (const operation of operationsOf(history, "open-payment")) {
    const paymentId = idOf(operation);
    if (paymentId === undefined) continue;
    const payment = facts.payments.get(paymentId);
    const order = facts.orders.get(operation.request.orderId);
    const same =
      payment?.orderId === operation.request.orderId &&
      payment.amountCents === order?.payAmountCents;
    if (!same) findings.lost.push(`payment ${paymentId} is not the one that was opened`);
  }
  for (const operation of operationsOf(history, "pay")) {
    if (idOf(operation) === undefined) continue;
    const { paymentId, orderId } = operation.request;
    const there = atProvider.get(String(paymentId));
    const order = facts.orders.get(orderId);
    const cameIn = CAPTURED.includes(facts.payments.get(paymentId)?.status ?? 0);
    if (there?.state !== "paid" || !cameIn) {
      findings.lost.push(
        `payment ${paymentId} of order ${orderId} was paid, and the money did not come in`,
      );
      continue;
    }
    const isBack = there.refundedCents === there.amountCents;
    if (
      !isBack &&
      (order === undefined || !isKept(order) || order.payStatus === PayStatus.UNPAID)
    ) {
      findings.lost.push(`payment ${paymentId} was paid, and order ${orderId} is not`);
    }
  }
  judgeKept(facts, findings);
}

/**
 * What the provider holds for an order must be its price less its refunds, to the cent; nothing for
 * an order that is not paid.
 */
function judgeKept(facts: Facts, findings: Findings): void {
  const kept = new Map<bigint, bigint>();
  for (const there of facts.provider.payments) {
    const { provider, paymentId, state, amountCents, refundedCents } = there;
    const here = facts.payments.get(BigInt(paymentId));
    if (state !== "paid" || here === undefined) continue;
    const { orderId } = here;
    if (here.refundedCents !== refundedCents) {
      const line = `payment ${paymentId} has ${here.refundedCents} cents refunded, and ${refundedCents} at ${provider}`;
      (refundedCents > here.refundedCents ? findings.doubled : findings.lost).push(line);
    }
    kept.set(orderId, (kept.get(orderId) ?? 0n) + amountCents - refundedCents);
    // The shop closes payments at the provider before it cancels an order, and accepts one that it
    // finds paid.
    if (facts.orders.get(orderId)?.cancelReason === CancelReason.PAYMENT_TIMEOUT) {
      findings.lost.push(`order ${orderId} is paid at the provider and cancelled as unpaid`);
    }
  }
  const refunds = doneRefunds(facts);
  for (const order of facts.orders.values()) {
    const orderId = order.orderId;
    const isPaid = isKept(order) && order.payStatus !== PayStatus.UNPAID;
    const back = (refunds.get(orderId) ?? []).reduce((sum, one) => sum + one.payAmountCents, 0n);
    const owed = isPaid ? order.payAmountCents - back : 0n;
    const has = kept.get(orderId) ?? 0n;
    const line = `order ${orderId} owes ${owed} cents in the end, and the provider holds ${has}`;
    if (has > owed) findings.doubled.push(line);
    else if (has < owed) findings.lost.push(line);
  }
}

/**
 * Compares stock and balances, as the services answer them, with what the orders took. The sums
 * come from the orders alone, because a fault may have damaged logs and reservations alike.
 */
export async function judgePossessions(
  market: Market,
  facts: Facts,
  findings: Findings,
): Promise<void> {
  const { admin } = market.system.direct;
  const held = new Map<bigint, bigint>();
  const spent = new Map<bigint, bigint>();
  const add = (sums: Map<bigint, bigint>, key: bigint, amount: bigint) =>
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  for (const order of facts.orders.values()) {
    if (!isKept(order)) continue;
    add(spent, order.userId, order.balancePaidCents);
    for (const line of facts.lines.get(order.orderId) ?? []) {
      add(held, line.goodsId, line.quantity);
    }
  }
  for (const line of facts.refundLines) add(held, line.goodsId, -line.quantity);
  for (const refund of facts.refunds) {
    const order = facts.orders.get(refund.orderId);
    if (order && refund.status === RefundStatus.SUCCEEDED)
      add(spent, order.userId, -refund.balanceCents);
  }
  const judge = (what: string, has: bigint | undefined, wanted: bigint) => {
    if (has === undefined || has > wanted) findings.lost.push(`${what} is ${has}, not ${wanted}`);
    else if (has < wanted) findings.doubled.push(`${what} is ${has}, not ${wanted}`);
  };
  for (const { goodsId, stock } of market.items) {
    const { goods } = await retry(() => admin.goods.getGoods({ goodsId }));
    judge(`the stock of ${goodsId}`, goods?.stock, stock - (held.get(goodsId) ?? 0n));
  }
  for (const userId of market.userIds) {
    const { user } = await retry(() => admin.user.getUser({ userId }));
    const wanted = market.openingBalanceCents - (spent.get(userId) ?? 0n);
    judge(`the balance of ${userId}`, user?.balanceCents, wanted);
  }
}

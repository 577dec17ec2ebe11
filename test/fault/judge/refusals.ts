import { CancelReason } from "#proto/shop/order/v1/order_pb.ts";
import { PaymentStatus } from "#proto/shop/pay/v1/pay_pb.ts";
import {
  type Operation,
  operationsOf,
  type Request,
  settledAnswer,
  wasEverUnknown,
} from "../load/history.ts";
import type { Market } from "../load/market.ts";
import type { Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";

/**
 * Judges operations without a request_id: what was only ever refused, by all operations on the same
 * thing, must not have happened.
 */
export function judgeRefusals({ history }: Market, facts: Facts, findings: Findings): void {
  const report = (line: string) => findings.refusedWithEffect.push(line);
  for (const orderId of onlyRefused(
    operationsOf(history, "cancel"),
    ({ request }) => request.orderId,
  )) {
    const reason = facts.orders.get(orderId)?.cancelReason;
    if (reason === CancelReason.BY_USER || reason === CancelReason.BY_ADMIN) {
      report(`order ${orderId} is cancelled by a call, which was refused`);
    }
  }
  const paymentsOf = Map.groupBy(facts.payments.values(), (payment) => payment.orderId);
  for (const orderId of onlyRefused(
    operationsOf(history, "open-payment"),
    ({ request }) => request.orderId,
  )) {
    // A payment that was closed while it was being opened is refused, and remains closed.
    const alive = (paymentsOf.get(orderId) ?? []).filter(
      ({ status }) => status !== PaymentStatus.CLOSED,
    );
    for (const { paymentId } of alive) {
      report(`payment ${paymentId} of order ${orderId} exists, which was refused`);
    }
  }
  const atProvider = new Map(facts.provider.payments.map((one) => [one.paymentId, one.state]));
  for (const paymentId of onlyRefused(
    operationsOf(history, "pay"),
    ({ request }) => request.paymentId,
  )) {
    if (atProvider.get(String(paymentId)) === "paid") {
      report(`payment ${paymentId} is paid at the provider, which refused it`);
    }
  }
}

/** Whether all attempts were refused: with an unknown attempt, that one may have had the effect. */
export function isPlainRefusal(operation: Operation): boolean {
  return settledAnswer(operation)?.kind === "refused" && !wasEverUnknown(operation);
}

function onlyRefused<W extends Request>(
  operations: readonly Operation<W>[],
  keyOf: (operation: Operation<W>) => bigint,
): bigint[] {
  return [...Map.groupBy(operations, keyOf)]
    .filter(([, all]) => all.every((operation) => isPlainRefusal(operation as Operation)))
    .map(([key]) => key);
}

import {
  type Operation,
  operationsOf,
  type Request,
  settledAnswer,
  wasEverUnknown,
} from "../load/history.ts";
import type { Market } from "../load/market.ts";
import { CANCEL, CLOSED, type Facts } from "./facts.ts";
import type { Findings } from "./findings.ts";

/** Of calls without a key of their own: what was only ever refused, by every operation for the same thing, has not happened. */
export function judgeRefusals({ history }: Market, facts: Facts, findings: Findings): void {
  const tell = (line: string) => findings.refusedWithEffect.push(line);
  for (const orderId of onlyRefused(
    operationsOf(history, "cancel"),
    ({ request }) => request.orderId,
  )) {
    if (facts.orders.get(orderId)?.cancel_reason === CANCEL.BY_USER) {
      tell(`order ${orderId} is cancelled by its user, who was refused that`);
    }
  }
  const paymentsOf = Map.groupBy(facts.payments.values(), (payment) => payment.order_id);
  for (const orderId of onlyRefused(
    operationsOf(history, "open-payment"),
    ({ request }) => request.orderId,
  )) {
    // One that was given up while it was being opened is refused, and stays behind closed.
    const alive = (paymentsOf.get(orderId) ?? []).filter(({ status }) => status !== CLOSED);
    for (const { payment_id } of alive) {
      tell(`payment ${payment_id} of order ${orderId} is there, and was refused`);
    }
  }
  const atThePlatform = new Map(facts.platform.payments.map((one) => [one.paymentId, one.state]));
  for (const paymentId of onlyRefused(
    operationsOf(history, "pay"),
    ({ request }) => request.paymentId,
  )) {
    if (atThePlatform.get(String(paymentId)) === "paid") {
      tell(`payment ${paymentId} is paid at the platform, which refused that`);
    }
  }
}

/** A refusal after an attempt without an answer may mean that the attempt had its effect. */
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

import pMap from "p-map";
import { retry } from "../../../ops/command/retry.ts";
import { idOf, type Operation, operationsOf, type Request } from "../load/history.ts";
import type { Market } from "../load/market.ts";
import type { Facts, PaymentRow, RefundRow } from "./facts.ts";
import type { Findings } from "./findings.ts";

const IN_FLIGHT = 8;

type Placed = Operation<Extract<Request, { kind: "place" }>>;
type Look = {
  facts: Facts;
  paymentsOf: Map<bigint, PaymentRow[]>;
  refundsOf: Map<bigint, RefundRow[]>;
};

/**
 * Compares what the services answer with what is stored, for every order that was acknowledged
 * since the last judgement, with its refunds, payments and coupon.
 */
export async function judgeAnswers(
  market: Market,
  facts: Facts,
  { findings, sinceMs }: { findings: Findings; sinceMs: number },
): Promise<void> {
  const fresh = operationsOf(market.history, "place").filter(
    ({ attempts }) => (attempts.at(-1)?.answeredMs ?? 0) >= sinceMs,
  );
  const look: Look = {
    facts,
    paymentsOf: Map.groupBy(facts.payments.values(), (payment) => payment.orderId),
    refundsOf: Map.groupBy(facts.refunds, (refund) => refund.orderId),
  };
  await pMap(
    fresh,
    async (placed) => {
      const orderId = idOf(placed);
      if (orderId === undefined) return;
      findings.lost.push(
        ...(await orderAnswered(market, look, { placed, orderId })),
        ...(await paymentsAnswered(market, look, { placed, orderId })),
        ...(await couponAnswered(market, look, placed)),
      );
    },
    { concurrency: IN_FLIGHT },
  );
}

async function orderAnswered(
  { system }: Market,
  { facts, refundsOf }: Look,
  { placed, orderId }: { placed: Placed; orderId: bigint },
): Promise<string[]> {
  const { order: orders } = system.direct.user(placed.userId);
  const answer = await answerOf(() => orders.getOrder({ orderId }));
  if (answer instanceof Error) return [`GetOrder of order ${orderId} failed: ${answer.message}`];
  const { order } = answer;
  const stored = facts.orders.get(orderId);
  const refunds = order?.refunds.map((refund) => [
    refund.refundId,
    refund.status,
    refund.payAmountCents,
    refund.balanceCents,
  ]);
  const storedRefunds = (refundsOf.get(orderId) ?? []).map((refund) => [
    refund.refundId,
    refund.status,
    refund.payAmountCents,
    refund.balanceCents,
  ]);
  const same =
    order?.orderStatus === stored?.orderStatus &&
    order?.payStatus === stored?.payStatus &&
    order?.shippingStatus === stored?.shippingStatus &&
    order?.trackingNumber === stored?.trackingNumber &&
    order?.payAmountCents === stored?.payAmountCents &&
    order?.orderAmountCents === placed.request.orderAmountCents;
  return [
    ...(same ? [] : [`order ${orderId} is answered differently from what is stored`]),
    ...(areSame(refunds, storedRefunds)
      ? []
      : [`order ${orderId} is answered with other refunds than are stored`]),
  ];
}

async function paymentsAnswered(
  { system }: Market,
  { paymentsOf }: Look,
  { placed, orderId }: { placed: Placed; orderId: bigint },
): Promise<string[]> {
  const { pay } = system.direct.user(placed.userId);
  const stored = paymentsOf.get(orderId) ?? [];
  const list = await answerOf(() => pay.listPayments({ orderId }));
  if (list instanceof Error) return [`ListPayments of order ${orderId} failed: ${list.message}`];
  const [first] = stored;
  const one = first && (await answerOf(() => pay.getPayment({ paymentId: first.paymentId })));
  if (one instanceof Error)
    return [`GetPayment of payment ${first?.paymentId} failed: ${one.message}`];
  const answered = list.payments.map(valuesOf);
  const wanted = stored.map((row) => [
    row.paymentId,
    row.orderId,
    row.status,
    row.amountCents,
    row.refundedCents,
  ]);
  const isOneSame =
    one === undefined || areSame(one.payment && [valuesOf(one.payment)], wanted.slice(0, 1));
  return areSame(answered, wanted) && isOneSame
    ? []
    : [`the payments of order ${orderId} are answered differently from what is stored`];
}

function valuesOf(payment: {
  paymentId: bigint;
  orderId: bigint;
  status: number;
  amountCents: bigint;
  refundedCents: bigint;
}) {
  const { paymentId, orderId, status, amountCents, refundedCents } = payment;
  return [paymentId, orderId, status, amountCents, refundedCents];
}

async function couponAnswered(
  { system }: Market,
  { facts }: Look,
  { userId, request: { couponId } }: Placed,
): Promise<string[]> {
  if (couponId === 0n) return [];
  const { coupon: coupons } = system.direct.user(userId);
  const answer = await answerOf(() => coupons.getCoupon({ couponId }));
  if (answer instanceof Error) return [`GetCoupon of coupon ${couponId} failed: ${answer.message}`];
  const stored = facts.coupons.get(couponId);
  const { coupon } = answer;
  const same = coupon?.status === stored?.status && coupon?.orderId === stored?.orderId;
  return same ? [] : [`coupon ${couponId} is answered differently from what is stored`];
}

function answerOf<T>(call: () => Promise<T>): Promise<T | Error> {
  return retry(call).catch((error: Error) => error);
}

type Rows = readonly (readonly (bigint | number)[])[];

/** Compares rows in any order. */
function areSame(some: Rows | undefined, others: Rows): boolean {
  const text = (rows: Rows) => rows.map(String).sort().join("; ");
  return some !== undefined && text(some) === text(others);
}

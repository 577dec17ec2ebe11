import {
  CancelReason,
  OrderStatus,
  RefundStatus,
  ShippingStatus,
} from "#proto/shop/order/v1/order_pb.ts";
import {
  answersOf,
  idOf,
  type Operation,
  operationsOf,
  type Request,
  settledAnswer,
} from "../load/history.ts";
import type { Market } from "../load/market.ts";
import { type Facts, isKept, type OrderRow } from "./facts.ts";
import type { Findings } from "./findings.ts";
import { isPlainRefusal } from "./refusals.ts";

type Of<K extends Request["kind"]> = Operation<Extract<Request, { kind: K }>>;
type Case = { market: Market; facts: Facts; findings: Findings };

/** Compares the orders in the history with the stored ones. */
export function judgeOrders(market: Market, facts: Facts, findings: Findings): void {
  const { history } = market;
  const one: Case = { market, facts, findings };
  const cancels = Map.groupBy(operationsOf(history, "cancel"), ({ request }) => request.orderId);
  const byKey = new Map(
    [...facts.orders.values()].map((order) => [`${order.userId} ${order.requestId}`, order]),
  );
  for (const placed of operationsOf(history, "place")) {
    const key = `${placed.userId} ${placed.request.requestId}`;
    judgePlaced(one, { placed, order: byKey.get(key), cancels });
    byKey.delete(key);
  }
  for (const order of byKey.values()) {
    findings.doubled.push(`order ${order.orderId} was never requested`);
  }
  for (const operation of operationsOf(history, "cancel")) judgeCancel(one, operation);
  for (const operation of operationsOf(history, "refund")) judgeRefund(one, operation);
  judgeShipping(one);
  judgeOnce(one);
}

function judgePlaced(
  { facts, findings }: Case,
  subject: {
    placed: Of<"place">;
    order: OrderRow | undefined;
    cancels: Map<bigint, Of<"cancel">[]>;
  },
): void {
  const { placed, order, cancels } = subject;
  const { requestId, lines, orderAmountCents, couponId, balanceCents } = placed.request;
  const answer = agreement(placed, findings);
  if (answer?.kind === "refused" && order && isKept(order)) {
    findings.refusedWithEffect.push(
      `order ${order.orderId} of ${requestId} was refused with ${answer.reason} and is kept`,
    );
  }
  if (answer?.kind !== "ok") return;
  if (order?.orderId !== answer.id) {
    findings.lost.push(`order ${answer.id} of ${requestId} does not exist`);
    return;
  }
  const ordered = lines.map((line) => `${line.goodsId} x ${line.quantity}`).sort();
  const kept = facts.lines.get(order.orderId) ?? [];
  const same =
    order.orderAmountCents === orderAmountCents &&
    order.couponId === couponId &&
    order.balancePaidCents === balanceCents &&
    String(kept.map((line) => `${line.goodsId} x ${line.quantity}`).sort()) === String(ordered);
  if (!same) findings.lost.push(`order ${answer.id} differs from what was ordered`);
  if (isKept(order)) return;
  const wasAskedFor = (cancels.get(order.orderId) ?? []).length > 0;
  const allowed =
    order.cancelReason === CancelReason.PAYMENT_TIMEOUT ||
    (wasAskedFor &&
      (order.cancelReason === CancelReason.BY_USER ||
        order.cancelReason === CancelReason.BY_ADMIN));
  if (allowed) return;
  findings.lost.push(
    `order ${answer.id} was acknowledged and is in status ${order.orderStatus}, with cancel reason ${order.cancelReason}`,
  );
}

/** The common answer of all attempts: a request has one outcome. */
function agreement(operation: Operation, findings: Findings) {
  const { request } = operation;
  const outcomes = new Set(
    answersOf(operation).flatMap((answer) => {
      if (answer.kind === "unknown") return [];
      return [answer.kind === "ok" ? `OK ${answer.id}` : answer.reason];
    }),
  );
  if (outcomes.size > 1) {
    const key = "requestId" in request ? request.requestId : request.orderId;
    const twoOrders = [...outcomes].filter((text) => text.startsWith("OK ")).length > 1;
    const line = `${request.kind} ${key} was answered ${[...outcomes].join(", then ")}`;
    (twoOrders ? findings.doubled : findings.contradicted).push(line);
  }
  return settledAnswer(operation);
}

function judgeCancel({ facts, findings }: Case, operation: Of<"cancel">): void {
  const { orderId } = operation.request;
  const order = facts.orders.get(orderId);
  const isCancelled = order?.orderStatus === OrderStatus.CANCELLED;
  if (idOf(operation) !== undefined && !isCancelled) {
    findings.lost.push(`order ${orderId} was acknowledged as cancelled and is not`);
  }
}

function judgeRefund({ facts, findings }: Case, operation: Of<"refund">): void {
  const { requestId, orderId } = operation.request;
  const answer = agreement(operation, findings);
  const rows = facts.refunds.filter((refund) => refund.requestId === requestId);
  if (rows.length > 1) findings.doubled.push(`refund ${requestId} of order ${orderId}`);
  const [row] = rows;
  if (answer?.kind === "refused" && row) {
    findings.refusedWithEffect.push(`refund ${row.refundId} was refused with ${answer.reason}`);
  }
  if (answer?.kind === "ok" && row?.status !== RefundStatus.SUCCEEDED) {
    findings.lost.push(
      `refund ${requestId} of order ${orderId} is ${row ? `in status ${row.status}` : "missing"}`,
    );
  }
}

function judgeShipping({ market, facts, findings }: Case): void {
  for (const operation of operationsOf(market.history, "ship")) {
    const { orderId, trackingNumber } = operation.request;
    const order = facts.orders.get(orderId);
    const isShipped = order !== undefined && order.shippingStatus !== ShippingStatus.NOT_SHIPPED;
    if (idOf(operation) !== undefined && !(isShipped && order.trackingNumber === trackingNumber)) {
      findings.lost.push(`order ${orderId} was acknowledged as shipped and is not`);
    }
    if (isShipped && isPlainRefusal(operation)) {
      findings.refusedWithEffect.push(`order ${orderId} is shipped, which was refused`);
    }
  }
  for (const operation of operationsOf(market.history, "receive")) {
    const { orderId } = operation.request;
    const isReceived = facts.orders.get(orderId)?.shippingStatus === ShippingStatus.RECEIVED;
    if (idOf(operation) !== undefined && !isReceived) {
      findings.lost.push(`order ${orderId} was acknowledged as received and is not`);
    }
    if (isReceived && isPlainRefusal(operation)) {
      findings.refusedWithEffect.push(`order ${orderId} is received, which was refused`);
    }
  }
}

/** Transitions that an order can make only once. */
function judgeOnce({ facts, findings }: Case): void {
  for (const [transition, times] of facts.transitions) {
    if (times > 1 && /^(ShipOrder|ConfirmReceipt|CancelOrder) /.test(transition)) {
      findings.doubled.push(`${transition} is in the order's history ${times} times`);
    }
  }
}

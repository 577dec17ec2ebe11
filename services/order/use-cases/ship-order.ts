import { type NewEvent, newEvent } from "#platform/events/outbox.ts";
import { Checks } from "#platform/values/checks.ts";
import { OrderCompletedSchema, OrderShippedSchema } from "#proto/shop/event/v1/event_pb.ts";
import { changed } from "../domain/changed-order.ts";
import { ShippingStatus } from "../domain/order.ts";
import { MAX_TRACKING_NUMBER } from "../limits.ts";
import type { StoredOrder } from "../store/entities.ts";
import { type LockedOrder, lockOrders } from "../store/lock-orders.ts";
import { recordTransitions } from "./changing.ts";
import { checkOrderId, getOrder, orderNotFound } from "./get-order.ts";
import type { Asking, Parts } from "./parts.ts";

type Changing = Pick<Parts, "database" | "outbox" | "changes">;

/** Ships a paid order. Again with the same tracking number: answered as it is. */
export async function shipOrder(
  parts: Changing,
  command: { orderId: bigint; trackingNumber: string },
  asking: Asking,
): Promise<StoredOrder> {
  const { orderId, trackingNumber } = command;
  const checks = new Checks();
  checks.identifier("order_id", orderId);
  checks.text("tracking_number", trackingNumber, { min: 1, max: MAX_TRACKING_NUMBER });
  checks.throwIfAny();
  await change(parts, orderId, asking, {
    name: "ship-order",
    isDone: (order) =>
      order.shippingStatus === ShippingStatus.SHIPPED && order.trackingNumber === trackingNumber,
    apply: (order) => changed(order, "ship", { shipTime: order.now, trackingNumber }),
    cause: "ShipOrder",
    event: ({ userId }) =>
      newEvent("order.v1.shipped", OrderShippedSchema, {
        message: { orderId, userId, trackingNumber },
        orderId,
        traceparent: asking.traceparent,
      }),
  });
  return getOrder(parts, orderId, asking);
}

/** The user has the goods: the order is complete. Again: answered as it is. */
export async function confirmReceipt(
  parts: Changing,
  orderId: bigint,
  asking: Asking,
): Promise<StoredOrder> {
  checkOrderId(orderId);
  await change(parts, orderId, asking, {
    name: "confirm-receipt",
    isDone: (order) => order.shippingStatus === ShippingStatus.RECEIVED,
    apply: (order) => changed(order, "receive", { closeTime: order.now }),
    cause: "ConfirmReceipt",
    event: ({ userId }) =>
      newEvent("order.v1.completed", OrderCompletedSchema, {
        message: { orderId, userId },
        orderId,
        traceparent: asking.traceparent,
      }),
  });
  return getOrder(parts, orderId, asking);
}

type Step = {
  name: string;
  isDone: (order: LockedOrder) => boolean;
  apply: (order: LockedOrder) => LockedOrder;
  cause: string;
  event: (order: LockedOrder) => NewEvent;
};

function change(parts: Changing, orderId: bigint, asking: Asking, step: Step): Promise<void> {
  return parts.database.transact(step.name, async (tx) => {
    const order = (await lockOrders(tx, [orderId])).get(orderId);
    if (!order || (asking.ownerId !== undefined && order.userId !== asking.ownerId)) {
      throw orderNotFound(orderId);
    }
    if (step.isDone(order)) return;
    const by = { actor: asking.actor, cause: step.cause };
    await recordTransitions(tx, parts, [{ order: step.apply(order), by }]);
    await parts.outbox.add(tx, [step.event(order)]);
  });
}

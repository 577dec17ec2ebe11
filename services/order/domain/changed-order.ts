import { applyTransition, type OrderState, type Transition } from "./order-state.ts";

/** The order after one change: the next version, in its new state. Refuses what the table of changes does not allow. */
export function changed<T extends OrderState & { version: number }>(
  order: T,
  change: Transition,
  fields: Partial<T> = {},
): T {
  return { ...order, ...fields, ...applyTransition(order, change), version: order.version + 1 };
}

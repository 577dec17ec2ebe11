import { applyChange, type Change, type OrderState } from "./order-state.ts";

/** The order after one change: the next version, in its new state. Refuses what the table of changes does not allow. */
export function changed<T extends OrderState & { version: number }>(
  order: T,
  change: Change,
  fields: Partial<T> = {},
): T {
  return { ...order, ...fields, ...applyChange(order, change), version: order.version + 1 };
}

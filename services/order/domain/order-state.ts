import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  CANCEL_REASON,
  type CancelReason,
  ORDER_STATUS,
  type OrderStatus,
  PAY_STATUS,
  type PayStatus,
} from "./order.ts";

/** The two dimensions that decide what may happen to an order before it is shipped. */
export type OrderState = { orderStatus: OrderStatus; payStatus: PayStatus };

const { PENDING, CONFIRMED, CANCELLED } = ORDER_STATUS;
const { UNPAID, PAID } = PAY_STATUS;

/** Every change that an order can go through: from which states, to which. What is not listed is refused. */
export const CHANGES = {
  confirm: {
    from: [{ orderStatus: PENDING, payStatus: UNPAID }],
    to: { orderStatus: CONFIRMED, payStatus: UNPAID },
  },
  fail: {
    from: [{ orderStatus: PENDING, payStatus: UNPAID }],
    to: { orderStatus: CANCELLED, payStatus: UNPAID },
  },
  abandon: {
    from: [{ orderStatus: PENDING, payStatus: UNPAID }],
    to: { orderStatus: CANCELLED, payStatus: UNPAID },
  },
  pay: {
    from: [{ orderStatus: CONFIRMED, payStatus: UNPAID }],
    to: { orderStatus: CONFIRMED, payStatus: PAID },
  },
  cancel: {
    from: [{ orderStatus: CONFIRMED, payStatus: UNPAID }],
    to: { orderStatus: CANCELLED, payStatus: UNPAID },
  },
  expire: {
    from: [{ orderStatus: CONFIRMED, payStatus: UNPAID }],
    to: { orderStatus: CANCELLED, payStatus: UNPAID },
  },
} as const satisfies Record<string, { from: readonly OrderState[]; to: OrderState }>;

export type Change = keyof typeof CHANGES;

/** Why a change that cancels does so. */
export const REASON_OF: Record<"fail" | "abandon" | "cancel" | "expire", CancelReason> = {
  fail: CANCEL_REASON.PLACE_FAILED,
  abandon: CANCEL_REASON.ABANDONED,
  cancel: CANCEL_REASON.BY_USER,
  expire: CANCEL_REASON.PAYMENT_TIMEOUT,
};
export type Cancellation = keyof typeof REASON_OF;

export function allows(state: OrderState, change: Change): boolean {
  return CHANGES[change].from.some(
    (from) => from.orderStatus === state.orderStatus && from.payStatus === state.payStatus,
  );
}

/** The state after the change; refuses with ORDER_STATE_INVALID, which names state and change. */
export function applyChange(state: OrderState, change: Change): OrderState {
  if (allows(state, change)) return CHANGES[change].to;
  throw new Refusal(Reason.ORDER_STATE_INVALID, {
    order_status: nameOf(ORDER_STATUS, state.orderStatus),
    pay_status: nameOf(PAY_STATUS, state.payStatus),
    change,
  });
}

/** Nothing can happen to the order any more. */
export function isFinished(status: OrderStatus): boolean {
  return status !== PENDING && status !== CONFIRMED;
}

function nameOf(names: Record<string, number>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}

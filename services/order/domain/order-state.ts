import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  CANCEL_REASON,
  type CancelReason,
  ORDER_STATUS,
  type OrderStatus,
  PAY_STATUS,
  type PayStatus,
  SHIPPING_STATUS,
  type ShippingStatus,
} from "./order.ts";

/** The three dimensions of an order's state; together they decide what may happen to it. */
export type OrderState = {
  orderStatus: OrderStatus;
  payStatus: PayStatus;
  shippingStatus: ShippingStatus;
};

type Rule = {
  from: {
    orderStatus: readonly OrderStatus[];
    payStatus: readonly PayStatus[];
    shippingStatus: readonly ShippingStatus[];
  };
  /** What it changes; the other dimensions stay. */
  to: Partial<OrderState>;
};

const { PENDING, CONFIRMED, CANCELLED, COMPLETED } = ORDER_STATUS;
const { UNPAID, PAID, REFUNDING, PARTIALLY_REFUNDED } = PAY_STATUS;
const { NOT_SHIPPED, SHIPPED, RECEIVED } = SHIPPING_STATUS;

const pending = { orderStatus: [PENDING], payStatus: [UNPAID], shippingStatus: [NOT_SHIPPED] };
const unpaid = { ...pending, orderStatus: [CONFIRMED] };
const anyShipping = [NOT_SHIPPED, SHIPPED, RECEIVED];

/** Every change that an order can go through: from which states, to which. What is not listed is refused. */
export const CHANGES = {
  confirm: { from: pending, to: { orderStatus: CONFIRMED } },
  fail: { from: pending, to: { orderStatus: CANCELLED } },
  abandon: { from: pending, to: { orderStatus: CANCELLED } },
  pay: { from: unpaid, to: { payStatus: PAID } },
  cancel: { from: unpaid, to: { orderStatus: CANCELLED } },
  expire: { from: unpaid, to: { orderStatus: CANCELLED } },
  // Not while a refund is under way: it may take back what would be shipped.
  ship: {
    from: {
      orderStatus: [CONFIRMED],
      payStatus: [PAID, PARTIALLY_REFUNDED],
      shippingStatus: [NOT_SHIPPED],
    },
    to: { shippingStatus: SHIPPED },
  },
  receive: {
    from: {
      orderStatus: [CONFIRMED],
      payStatus: [PAID, REFUNDING, PARTIALLY_REFUNDED],
      shippingStatus: [SHIPPED],
    },
    to: { orderStatus: COMPLETED, shippingStatus: RECEIVED },
  },
  requestRefund: {
    from: {
      orderStatus: [CONFIRMED, COMPLETED],
      payStatus: [PAID, REFUNDING, PARTIALLY_REFUNDED],
      shippingStatus: anyShipping,
    },
    to: { payStatus: REFUNDING },
  },
  // Another refund of the order is still under way.
  refundOneOfSeveral: {
    from: {
      orderStatus: [CONFIRMED, COMPLETED],
      payStatus: [REFUNDING],
      shippingStatus: anyShipping,
    },
    to: {},
  },
  refundPart: {
    from: {
      orderStatus: [CONFIRMED, COMPLETED],
      payStatus: [REFUNDING],
      shippingStatus: anyShipping,
    },
    to: { payStatus: PARTIALLY_REFUNDED },
  },
  refundWhole: {
    from: {
      orderStatus: [CONFIRMED, COMPLETED],
      payStatus: [REFUNDING],
      shippingStatus: anyShipping,
    },
    to: { orderStatus: ORDER_STATUS.REFUNDED, payStatus: PAY_STATUS.REFUNDED },
  },
} as const satisfies Record<string, Rule>;

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
  const { from }: Rule = CHANGES[change];
  return (
    from.orderStatus.includes(state.orderStatus) &&
    from.payStatus.includes(state.payStatus) &&
    from.shippingStatus.includes(state.shippingStatus)
  );
}

/** The state after the change; refuses with ORDER_STATE_INVALID, which names state and change. */
export function applyChange(state: OrderState, change: Change): OrderState {
  if (allows(state, change)) {
    const { orderStatus, payStatus, shippingStatus } = state;
    return { orderStatus, payStatus, shippingStatus, ...CHANGES[change].to };
  }
  throw new Refusal(Reason.ORDER_STATE_INVALID, {
    order_status: nameOf(ORDER_STATUS, state.orderStatus),
    pay_status: nameOf(PAY_STATUS, state.payStatus),
    shipping_status: nameOf(SHIPPING_STATUS, state.shippingStatus),
    change,
  });
}

/** Nothing more is to be expected of the order; only a refund can still change it. */
export function isFinished(status: OrderStatus): boolean {
  return status !== PENDING && status !== CONFIRMED;
}

function nameOf(names: Record<string, number>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}

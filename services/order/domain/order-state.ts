import { Reason, Refusal } from "#platform/values/refusal.ts";
import { CancelReason, OrderStatus, PayStatus, ShippingStatus } from "./order.ts";

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

const { PENDING, CONFIRMED, CANCELLED, COMPLETED } = OrderStatus;
const { UNPAID, PAID, REFUNDING, PARTIALLY_REFUNDED } = PayStatus;
const { NOT_SHIPPED, SHIPPED, RECEIVED } = ShippingStatus;

const pending = { orderStatus: [PENDING], payStatus: [UNPAID], shippingStatus: [NOT_SHIPPED] };
const unpaid = { ...pending, orderStatus: [CONFIRMED] };
const anyShipping = [NOT_SHIPPED, SHIPPED, RECEIVED];

/** Every change that an order can go through: from which states, to which. What is not listed is refused. */
export const TRANSITIONS = {
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
    to: { orderStatus: OrderStatus.REFUNDED, payStatus: PayStatus.REFUNDED },
  },
} as const satisfies Record<string, Rule>;

export type Transition = keyof typeof TRANSITIONS;

/** Why a change that cancels does so. */
export const REASON_OF: Record<"fail" | "abandon" | "cancel" | "expire", CancelReason> = {
  fail: CancelReason.PLACE_FAILED,
  abandon: CancelReason.ABANDONED,
  cancel: CancelReason.BY_USER,
  expire: CancelReason.PAYMENT_TIMEOUT,
};
export type Cancellation = keyof typeof REASON_OF;

export function allows(state: OrderState, change: Transition): boolean {
  const { from }: Rule = TRANSITIONS[change];
  return (
    from.orderStatus.includes(state.orderStatus) &&
    from.payStatus.includes(state.payStatus) &&
    from.shippingStatus.includes(state.shippingStatus)
  );
}

/** The state after the change; refuses with ORDER_STATE_INVALID, which names state and change. */
export function applyTransition(state: OrderState, change: Transition): OrderState {
  if (allows(state, change)) {
    const { orderStatus, payStatus, shippingStatus } = state;
    return { orderStatus, payStatus, shippingStatus, ...TRANSITIONS[change].to };
  }
  throw new Refusal(Reason.ORDER_STATE_INVALID, {
    order_status: nameOf(OrderStatus, state.orderStatus),
    pay_status: nameOf(PayStatus, state.payStatus),
    shipping_status: nameOf(ShippingStatus, state.shippingStatus),
    change,
  });
}

/** The order after one transition: its next version, in its new state, with the given fields. */
export function advance<T extends OrderState & { version: number }>(
  order: T,
  transition: Transition,
  fields: Partial<T> = {},
): T {
  const state = applyTransition(order, transition);
  return { ...order, ...fields, ...state, version: order.version + 1 };
}

/** Nothing more is to be expected of the order; only a refund can still change it. */
export function isFinished(status: OrderStatus): boolean {
  return status !== PENDING && status !== CONFIRMED;
}

function nameOf(names: Record<string, number>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}

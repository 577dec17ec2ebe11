import { Reason, Refusal } from "#platform/values/refusal.ts";
import { CancelReason, OrderStatus, PayStatus, ShippingStatus } from "./order.ts";

/** The three dimensions of an order's state; all three decide which transitions are allowed. */
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
  /** The dimensions that change; the others keep their values. */
  to: Partial<OrderState>;
};

const { PENDING, CONFIRMED, CANCELLED, COMPLETED, REFUNDED } = OrderStatus;
const { UNPAID, PAID, REFUNDING, PARTIALLY_REFUNDED } = PayStatus;
const { NOT_SHIPPED, SHIPPED, RECEIVED } = ShippingStatus;

const pending = { orderStatus: [PENDING], payStatus: [UNPAID], shippingStatus: [NOT_SHIPPED] };
const unpaid = { ...pending, orderStatus: [CONFIRMED] };
const anyShipping = [NOT_SHIPPED, SHIPPED, RECEIVED];

/** Every transition of an order: the states it starts from and the one it leads to. */
export const TRANSITIONS = {
  confirm: { from: pending, to: { orderStatus: CONFIRMED } },
  fail: { from: pending, to: { orderStatus: CANCELLED } },
  abandon: { from: pending, to: { orderStatus: CANCELLED } },
  pay: { from: unpaid, to: { payStatus: PAID } },
  cancel: { from: unpaid, to: { orderStatus: CANCELLED } },
  expire: { from: unpaid, to: { orderStatus: CANCELLED } },
  // Not during a refund, which may be for the goods that would be shipped.
  ship: {
    from: {
      orderStatus: [CONFIRMED],
      payStatus: [PAID, PARTIALLY_REFUNDED],
      shippingStatus: [NOT_SHIPPED],
    },
    to: { shippingStatus: SHIPPED },
  },
  updateTracking: {
    from: {
      orderStatus: [CONFIRMED],
      payStatus: [PAID, REFUNDING, PARTIALLY_REFUNDED],
      shippingStatus: [SHIPPED],
    },
    to: {},
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
  // One refund succeeds while another one of the same order is still under way.
  refundOneOfSeveral: {
    from: {
      orderStatus: [CONFIRMED, COMPLETED, REFUNDED],
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
      orderStatus: [CONFIRMED, COMPLETED, REFUNDED],
      payStatus: [REFUNDING],
      shippingStatus: anyShipping,
    },
    to: { orderStatus: REFUNDED, payStatus: PayStatus.REFUNDED },
  },
  // A refund had succeeded, and the provider took the success back.
  reopenRefund: {
    from: {
      orderStatus: [CONFIRMED, COMPLETED],
      payStatus: [REFUNDING, PARTIALLY_REFUNDED],
      shippingStatus: anyShipping,
    },
    to: { payStatus: REFUNDING },
  },
  // Its goods are back and its coupon is free, so the order stays REFUNDED.
  reopenRefundOfWhole: {
    from: {
      orderStatus: [REFUNDED],
      payStatus: [REFUNDING, PayStatus.REFUNDED],
      shippingStatus: anyShipping,
    },
    to: { payStatus: REFUNDING },
  },
} as const satisfies Record<string, Rule>;

export type Transition = keyof typeof TRANSITIONS;

/** The reason that an order gets from each transition that cancels it. */
export const REASON_OF: Record<"fail" | "abandon" | "cancel" | "expire", CancelReason> = {
  fail: CancelReason.PLACE_FAILED,
  abandon: CancelReason.ABANDONED,
  cancel: CancelReason.BY_USER,
  expire: CancelReason.PAYMENT_TIMEOUT,
};
export type Cancellation = keyof typeof REASON_OF;

export function allows(state: OrderState, transition: Transition): boolean {
  const { from }: Rule = TRANSITIONS[transition];
  return (
    from.orderStatus.includes(state.orderStatus) &&
    from.payStatus.includes(state.payStatus) &&
    from.shippingStatus.includes(state.shippingStatus)
  );
}

/** The state after the transition. Refuses with ORDER_STATE_INVALID, with state and transition. */
export function applyTransition(state: OrderState, transition: Transition): OrderState {
  if (allows(state, transition)) {
    const { orderStatus, payStatus, shippingStatus } = state;
    return { orderStatus, payStatus, shippingStatus, ...TRANSITIONS[transition].to };
  }
  throw new Refusal(Reason.ORDER_STATE_INVALID, {
    order_status: nameOf(OrderStatus, state.orderStatus),
    pay_status: nameOf(PayStatus, state.payStatus),
    shipping_status: nameOf(ShippingStatus, state.shippingStatus),
    change: transition,
  });
}

/**
 * The order after one transition: the next version, in the new state, with the given fields set.
 * Refuses with ORDER_STATE_INVALID.
 */
export function advance<T extends OrderState & { version: number }>(
  order: T,
  transition: Transition,
  fields: Partial<T> = {},
): T {
  const state = applyTransition(order, transition);
  return { ...order, ...fields, ...state, version: order.version + 1 };
}

/** Whether the order has reached its end; afterwards only a refund can change it. */
export function isFinished(status: OrderStatus): boolean {
  return status !== PENDING && status !== CONFIRMED;
}

function nameOf(names: Record<string, number>, value: number): string {
  return Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
}

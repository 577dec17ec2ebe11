// A payment as plain data. The numbers are those of shop.pay.v1: rows and messages hold them.

export const PaymentStatus = {
  OPEN: 1,
  SUCCEEDED: 2,
  CLOSED: 3,
  PARTIALLY_REFUNDED: 4,
  REFUNDED: 5,
} as const;
export type PaymentStatus = (typeof PaymentStatus)[keyof typeof PaymentStatus];

export const LogType = {
  CREATED: 1,
  CALLBACK_ACCEPTED: 2,
  CALLBACK_REPEATED: 3,
  CALLBACK_REFUSED: 4,
  CLOSED: 5,
  REFUND_REQUESTED: 6,
  REFUND_SUCCEEDED: 7,
  REFUND_FAILED: 8,
} as const;
export type LogType = (typeof LogType)[keyof typeof LogType];

/** The fields of a payment that the rules decide over. */
export type PaymentState = {
  paymentId: bigint;
  status: PaymentStatus;
  amountCents: bigint;
  currency: string;
  /** The provider's number of the payment; null until the provider has sent it. */
  tradeId: string | null;
  /** Sum of all requested refunds. */
  refundRequestedCents: bigint;
  /** Sum of the refunds that the provider has carried out. */
  refundedCents: bigint;
};

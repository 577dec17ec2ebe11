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
  REFUND_PENDING: 9,
  REFUND_REQUIRES_ACTION: 10,
  REFUND_REOPENED: 11,
  REFUND_FOREIGN: 12,
  DISPUTE_OPENED: 13,
  DISPUTE_WITHDRAWN: 14,
  DISPUTE_REINSTATED: 15,
  DISPUTE_CLOSED: 16,
} as const;
export type LogType = (typeof LogType)[keyof typeof LogType];

/** What the shopper does to pay. */
export type CheckoutAction =
  | { kind: "redirect"; url: string }
  /** The text is to be shown as a QR code. A provider may renew it until the payment ends. */
  | { kind: "qr"; text: string; expireTime: Date }
  /** The browser posts the fields. */
  | { kind: "form"; url: string; fields: Readonly<Record<string, string>> };

/** The provider's own numbers of a payment, by name: `{ session: "cs_...", charge: "ch_..." }`. */
export type References = Readonly<Record<string, string>>;

/** A payment as the shop stored it: what a provider gets with every request. */
export type StoredPayment = {
  paymentId: bigint;
  orderId: bigint;
  amountCents: bigint;
  /** ISO 4217. */
  currency: string;
  /** The provider's number of the paid trade, unique at the provider; null until it is known. */
  tradeId: string | null;
  /** All that the provider has sent so far. */
  references: References;
  createTime: Date;
  /** Until then the shopper may pay. It never changes. */
  expireTime: Date;
};

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

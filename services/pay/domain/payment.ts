// What a payment and its refunds are, as plain data. The numbers are those of shop.pay.v1: they are what rows and
// messages hold.

export const PAYMENT_STATUS = {
  OPEN: 1,
  SUCCEEDED: 2,
  CLOSED: 3,
  PARTIALLY_REFUNDED: 4,
  REFUNDED: 5,
} as const;
export type PaymentStatus = (typeof PAYMENT_STATUS)[keyof typeof PAYMENT_STATUS];

export const LOG_TYPE = {
  CREATED: 1,
  CALLBACK_ACCEPTED: 2,
  CALLBACK_REPEATED: 3,
  CALLBACK_REFUSED: 4,
  CLOSED: 5,
  REFUND_REQUESTED: 6,
  REFUND_SUCCEEDED: 7,
  REFUND_FAILED: 8,
} as const;
export type LogType = (typeof LOG_TYPE)[keyof typeof LOG_TYPE];

/** What decides about a payment. */
export type PaymentState = {
  paymentId: bigint;
  status: PaymentStatus;
  amountCents: bigint;
  currency: string;
  /** The platform's own number; null until the platform has told it. */
  tradeId: string | null;
  /** Of all refunds that were asked for. */
  refundRequestedCents: bigint;
  /** Of those that the platform has carried out. */
  refundedCents: bigint;
};

/** What a platform says about one payment, from a callback that verified or from a question that it answered. */
export type PaidNotice = {
  state: "paid";
  noticeId: string;
  merchantId: string;
  paymentId: bigint;
  tradeId: string;
  amountCents: bigint;
  currency: string;
  payTime: Date;
};

/** A genuine notice about something that the shop does not act on. */
export type OtherNotice = {
  state: "other";
  noticeId: string;
  merchantId: string;
  paymentId: bigint;
  tradeId: string;
  /** What it is about, in the platform's words. */
  about: string;
};

export type Notice = PaidNotice | OtherNotice;

/** The HTTP request that carried a notice. Nothing in it is verified yet. */
export type RawCallback = {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
};

/** What every notice says. */
type About = {
  /** The provider's number of the notice; a repetition has the same one. */
  noticeId: string;
  merchantId: string;
  paymentId: bigint;
  tradeId: string;
};

/** The payment was paid. */
export type PaidNotice = About & {
  kind: "paid";
  amountCents: bigint;
  currency: string;
  payTime: Date;
};

/** An event that the shop does not act on. */
type OtherNotice = About & {
  kind: "other";
  /** The provider's name of the event. */
  event: string;
};

/**
 * One verified message from a provider about one payment: a callback with a valid signature, or the
 * answer to a query.
 */
export type Notice = PaidNotice | OtherNotice;

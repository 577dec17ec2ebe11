// The books of the shop as double entries: which accounts each row of its data moves.
//
//   receivable:PROVIDER  what a provider owes the shop: payments less refunds, disputes and fees
//   customer_balances    what the shop owes its users: their balances
//   deposits             money and balance received for orders that are not paid yet, and money
//                        that is to go back; what is here belongs to no account of a result
//   top_ups              what administrators put on balances; the accountant knows where it is from
//   revenue              goods at the price of the order
//   shipping             shipping fees, less those that were given back
//   coupons              what coupons took off the price
//   refunds              what was given back for goods, or without goods
//   refunds_elsewhere    what others gave back, such as in a provider's console: no order knows it
//   disputes             what banks took back for shoppers, less what they returned
//   fees:PROVIDER        what a provider keeps; only its statements say it
//   bank:PROVIDER        what else moved the account at the provider, such as payouts to the bank
//
// A movement debits one account and credits another with the same amount, so every journal sums to
// zero. Amounts are minor units and always positive.

/** A movement as the rules state it: who is debited, who is credited, and how much. */
export type Entry = { debit: string; credit: string; amountCents: bigint };

/** One line of the journal. */
export type Movement = Entry & {
  time: Date;
  /** What caused it: "payment 7". */
  item: string;
  /** Null where no order caused it. */
  orderId: bigint | null;
  /** ISO 4217. */
  currency: string;
};

/** Entries of no amount move nothing. A negative amount moves the other way. */
function entries(...list: [debit: string, credit: string, amountCents: bigint][]): Entry[] {
  return list.flatMap(([debit, credit, amountCents]) => {
    if (amountCents === 0n) return [];
    return amountCents > 0n
      ? [{ debit, credit, amountCents }]
      : [{ debit: credit, credit: debit, amountCents: -amountCents }];
  });
}

const receivable = (provider: string) => `receivable:${provider}`;

/** Money came in at a provider. */
export function paymentEntries(payment: { provider: string; amountCents: bigint }): Entry[] {
  return entries([receivable(payment.provider), "deposits", payment.amountCents]);
}

/** The provider carried out a refund; `cameBack` if one that was carried out came back. */
export function providerRefundEntries(refund: {
  provider: string;
  amountCents: bigint;
  cameBack: boolean;
}): Entry[] {
  const { provider, amountCents, cameBack } = refund;
  return entries(["deposits", receivable(provider), cameBack ? -amountCents : amountCents]);
}

export const BalanceMove = { TOP_UP: 1, PAY: 2, REFUND: 3 } as const;
export type BalanceMove = (typeof BalanceMove)[keyof typeof BalanceMove];

/** A row of the balance log, whose amount is signed: what it adds to the balance. */
export function balanceEntries(row: { type: BalanceMove; amountCents: bigint }): Entry[] {
  const source = row.type === BalanceMove.TOP_UP ? "top_ups" : "deposits";
  return entries([source, "customer_balances", row.amountCents]);
}

/**
 * An order became paid: the coupon, the money and the balance that were received for it become
 * revenue and shipping. The coupon pays goods only, the rest pays goods first.
 */
export function paidOrderEntries(order: {
  goodsAmountCents: bigint;
  shippingFeeCents: bigint;
  couponPaidCents: bigint;
}): Entry[] {
  const { goodsAmountCents, shippingFeeCents, couponPaidCents } = order;
  return entries(
    ["coupons", "revenue", couponPaidCents],
    ["deposits", "revenue", goodsAmountCents - couponPaidCents],
    ["deposits", "shipping", shippingFeeCents],
  );
}

/**
 * A refund of an order is through: `spentCents` for goods and without goods, `shippingCents` of the
 * fee. The provider and the balance log have the rows by which the money leaves the deposits.
 */
export function orderRefundEntries(refund: { spentCents: bigint; shippingCents: bigint }): Entry[] {
  return entries(
    ["refunds", "deposits", refund.spentCents],
    ["shipping", "deposits", refund.shippingCents],
  );
}

/** Money left for a dispute, or, with `returned`, came back from one. */
export function disputeEntries(dispute: {
  provider: string;
  amountCents: bigint;
  returned: boolean;
}): Entry[] {
  const { provider, amountCents, returned } = dispute;
  return entries(["disputes", receivable(provider), returned ? -amountCents : amountCents]);
}

/** The provider carried out a refund that the shop did not request. */
export function foreignRefundEntries(refund: { provider: string; amountCents: bigint }): Entry[] {
  return entries(["refunds_elsewhere", receivable(refund.provider), refund.amountCents]);
}

/** What a provider keeps; negative where it gives back. */
export function feeEntries({
  provider,
  feeCents,
}: {
  provider: string;
  feeCents: bigint;
}): Entry[] {
  return entries([`fees:${provider}`, receivable(provider), feeCents]);
}

/** What moved the account at the provider without a payment; money in is positive. */
export function otherEntries(row: { provider: string; amountCents: bigint }): Entry[] {
  const { provider, amountCents } = row;
  return entries([receivable(provider), `bank:${provider}`, amountCents]);
}

/** What an account was debited and credited with in one currency. */
export type AccountSum = {
  account: string;
  currency: string;
  debitCents: bigint;
  creditCents: bigint;
};

/** The sums of each account, by currency and name. */
export function accountSums(movements: Iterable<Movement>): AccountSum[] {
  const sums = new Map<string, AccountSum>();
  const sumOf = (account: string, currency: string) => {
    const key = `${currency} ${account}`;
    const sum = sums.get(key) ?? { account, currency, debitCents: 0n, creditCents: 0n };
    sums.set(key, sum);
    return sum;
  };
  for (const { debit, credit, amountCents, currency } of movements) {
    sumOf(debit, currency).debitCents += amountCents;
    sumOf(credit, currency).creditCents += amountCents;
  }
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

/** Debits less credits of all accounts by currency: zero in books that are right. */
export function differences(sums: readonly AccountSum[]): Map<string, bigint> {
  const all = new Map<string, bigint>();
  for (const { currency, debitCents, creditCents } of sums) {
    all.set(currency, (all.get(currency) ?? 0n) + debitCents - creditCents);
  }
  return all;
}

import { type Order, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { Day } from "../testbed/retail/day.ts";
import { allSame, type Compared, compared, customerName, shorten } from "./compared.ts";
import {
  addMoney,
  expectedMoney,
  type Money,
  moneyOfCustomers,
  noMoney,
  type PayRules,
} from "./expected-money.ts";
import type { PayingProvider, ProviderPayment } from "./provider.ts";
import type { PlannedReturns } from "./returns.ts";

export type PaidComparison = {
  same: boolean;
  paidOrders: Compared<number>;
  paidCents: Compared<bigint>;
  refundedUnits: Compared<bigint>;
  refundedCents: Compared<bigint>;
  points: Compared<bigint>;
  /** Customers, and how many of them have exactly the money and the points of the file. */
  customers: Compared<number>;
  /** Payments, and how many of them have the amounts of the file at the provider. */
  provider: Compared<number>;
  differences: string[];
};

/** What the comparison needs of a run that paid. */
export type PaidRun = {
  returns: PlannedReturns;
  rules: PayRules;
  provider: Pick<PayingProvider, "payments">;
  /** By the index of the day's orders. */
  paymentIds: readonly (bigint | undefined)[];
};

export type PaidFound = {
  customers: Map<string, Money>;
  /** By payment id. */
  provider: Map<string, ProviderPayment>;
};

type Paid = Pick<PaidRun, "returns" | "rules" | "paymentIds"> & { found: PaidFound };

/** Compares the money and points that were found with the file. */
export function comparePaid(day: Day, { returns, rules, paymentIds, found }: Paid): PaidComparison {
  const orders = expectedMoney(day, returns.refunds, rules);
  const expected = moneyOfCustomers(day, orders);
  const customers = compareCustomers(expected, found.customers);
  const payments = comparePayments(day, { orders, paymentIds, provider: found.provider });
  const [file, shop] = [sumOf(expected.values()), sumOf(found.customers.values())];
  const figures = {
    paidOrders: compared(file.paidOrders, shop.paidOrders),
    paidCents: compared(file.paidCents, shop.paidCents),
    refundedUnits: compared(file.refundedUnits, shop.refundedUnits),
    refundedCents: compared(file.refundedCents, shop.refundedCents),
    points: compared(file.points, shop.points),
    customers: compared(expected.size, expected.size - customers.length),
    provider: compared(orders.length, orders.length - payments.length),
  };
  return {
    same: allSame(figures),
    ...figures,
    differences: shorten([...customers, ...payments]),
  };
}

/** A line for each customer whose money or points differ. */
function compareCustomers(expected: Map<string, Money>, found: Map<string, Money>): string[] {
  return [...expected].flatMap(([customerId, money]) => {
    const has = text(found.get(customerId) ?? noMoney());
    return has === text(money)
      ? []
      : [`${customerName(customerId)}: ${has} instead of ${text(money)}`];
  });
}

/** A line for each payment that differs at the provider. */
function comparePayments(
  day: Day,
  run: Pick<PaidRun, "paymentIds"> & Pick<PaidFound, "provider"> & { orders: readonly Money[] },
): string[] {
  return run.orders.flatMap(({ paidCents, refundedCents }, index) => {
    const payment = run.provider.get(String(run.paymentIds[index]));
    const has =
      payment && `${payment.state} ${payment.amountCents}, refunded ${payment.refundedCents}`;
    const expected = `paid ${paidCents}, refunded ${refundedCents}`;
    if (has === expected) return [];
    const invoice = day.orders[index]?.invoiceNo ?? "?";
    return [
      `payment of invoice ${invoice} at the provider: ${has ?? "none"} instead of ${expected}`,
    ];
  });
}

/** The money of an order as the order service has it; points are added by the user service. */
export function moneyOf(order: Order): Money {
  const money = noMoney();
  if (order.payStatus === PayStatus.UNPAID) return money;
  money.paidOrders = 1;
  money.paidCents = order.payAmountCents;
  for (const { status, lines, payAmountCents, balanceCents } of order.refunds) {
    if (status !== RefundStatus.SUCCEEDED) continue;
    money.refundedUnits += lines.reduce((sum, { quantity }) => sum + quantity, 0n);
    money.refundedCents += payAmountCents + balanceCents;
  }
  return money;
}

function sumOf(all: Iterable<Money>): Money {
  const sum = noMoney();
  for (const money of all) addMoney(sum, money);
  return sum;
}

function text(money: Money): string {
  return [
    `${money.paidOrders} orders paid with ${money.paidCents} cents`,
    `${money.refundedUnits} units refunded with ${money.refundedCents} cents`,
    `${money.points} points`,
  ].join(", ");
}

import { type Order, PayStatus, RefundStatus } from "#proto/shop/order/v1/order_pb.ts";
import type { SandboxControl, SandboxPayment } from "../simulators/sandbox/client.ts";
import type { Day } from "../testbed/retail/day.ts";
import {
  addMoney,
  expectedMoney,
  type Money,
  moneyOfCustomers,
  noMoney,
  type PayRules,
} from "./expected-money.ts";
import type { PlannedReturns } from "./returns.ts";
import { nameOf, shortened, type Verdict, verdict } from "./verdict.ts";

export type PaidComparison = {
  same: boolean;
  paidOrders: Verdict<number>;
  paidCents: Verdict<bigint>;
  refundedUnits: Verdict<bigint>;
  refundedCents: Verdict<bigint>;
  points: Verdict<bigint>;
  /** Customers, and how many of them have just the money and the points that the file says. */
  customers: Verdict<number>;
  /** Payments, and how many of them the platform has with the amounts that the file says. */
  platform: Verdict<number>;
  differences: string[];
};

export type PaidRun = {
  returns: PlannedReturns;
  rules: PayRules;
  sandbox: Pick<SandboxControl, "state">;
  /** By the index of the day's orders. */
  paymentIds: readonly (bigint | undefined)[];
};

export type PaidFound = {
  customers: Map<string, Money>;
  /** By payment id. */
  platform: Map<string, Pick<SandboxPayment, "state" | "amountCents" | "refundedCents">>;
};

/** The verdicts over what was found; pure. */
export function comparePaid(
  day: Day,
  {
    returns,
    rules,
    paymentIds,
    found,
  }: Omit<PaidRun, "sandbox"> & {
    found: PaidFound;
  },
): PaidComparison {
  const orders = expectedMoney(day, returns.refunds, rules);
  const customers = moneyOfCustomers(day, orders);
  const differences: string[] = [];
  let sameCustomers = 0;
  for (const [customerId, money] of customers) {
    const has = found.customers.get(customerId) ?? noMoney();
    if (text(has) === text(money)) sameCustomers += 1;
    else differences.push(`${nameOf(customerId)}: ${text(has)}, the file says ${text(money)}`);
  }
  let samePayments = 0;
  for (const [index, { paidCents, refundedCents }] of orders.entries()) {
    const payment = found.platform.get(String(paymentIds[index]));
    const has = payment && `${payment.state} ${payment.amountCents}, ${payment.refundedCents} back`;
    const must = `paid ${paidCents}, ${refundedCents} back`;
    if (has === must) samePayments += 1;
    else {
      const { invoiceNo } = day.orders[index] ?? { invoiceNo: "?" };
      differences.push(
        `payment of invoice ${invoiceNo} at the platform: ${has ?? "none"}, the file says ${must}`,
      );
    }
  }
  const [wanted, has] = [sumOf(customers.values()), sumOf(found.customers.values())];
  const verdicts = {
    paidOrders: verdict(wanted.paidOrders, has.paidOrders),
    paidCents: verdict(wanted.paidCents, has.paidCents),
    refundedUnits: verdict(wanted.refundedUnits, has.refundedUnits),
    refundedCents: verdict(wanted.refundedCents, has.refundedCents),
    points: verdict(wanted.points, has.points),
    customers: verdict(customers.size, sameCustomers),
    platform: verdict(orders.length, samePayments),
  };
  const same = Object.values(verdicts).every((each) => each.same);
  return { same, ...verdicts, differences: shortened(differences) };
}

/** An order's money as the order service has it; points are the user service's. */
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

function text({ paidOrders, paidCents, refundedUnits, refundedCents, points }: Money): string {
  return `${paidOrders} orders paid with ${paidCents} cents, ${refundedUnits} units back for ${refundedCents} cents, ${points} points`;
}

import type { ShopClients } from "../ops/command/shop-clients.ts";
import type { Day } from "../testbed/retail/day.ts";
import { type Delays, measureDelays } from "./measure.ts";
import { type Paid, payOrders, untilPaid } from "./pay.ts";
import type { Placed } from "./place.ts";
import type { Prepared } from "./prepare.ts";
import { withProgress } from "./progress.ts";
import type { PayingProvider } from "./provider.ts";
import { type Refunded, refundReturns, untilRefunded } from "./refund.ts";
import { type PlannedReturns, planReturns } from "./returns.ts";

export type PaidDay = {
  paid: Paid;
  returns: PlannedReturns;
  refunded: Refunded;
  delays: Delays;
};

/**
 * Pays the placed orders and waits until the shop knows them as paid; then refunds the returns of
 * the day and waits until those are through.
 */
export async function payDay(
  day: Day,
  run: {
    shop: ShopClients;
    provider: PayingProvider;
    run: string;
    prepared: Prepared;
    placed: Placed;
    inFlight: number;
  },
): Promise<PaidDay> {
  const { orderIds, orders } = run.placed;
  const paying = { ...run, orderIds };
  const paid = await withProgress("payments", orders, (bar) => payOrders(paying, bar));
  await withProgress("paid", paid.payments, (bar) => untilPaid(paying, paid, bar));
  const returns = planReturns(day);
  const { refunds } = returns;
  const refunding = { ...paying, refunds };
  const refunded = await withProgress("refunds", refunds.length, (bar) =>
    refundReturns(refunding, bar),
  );
  const refundedOrders = new Set(refunds.map(({ order }) => order)).size;
  await withProgress("refunded", refundedOrders, (bar) => untilRefunded(refunding, refunded, bar));
  const delays = await measureDelays(day, { ...paying, paymentIds: paid.paymentIds });
  return { paid, returns, refunded, delays };
}

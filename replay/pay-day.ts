import type { SandboxControl } from "../simulators/sandbox/client.ts";
import type { Shop } from "../testbed/calls/administrator.ts";
import type { Day } from "../testbed/retail/day.ts";
import { type Delays, measureDelays } from "./measure.ts";
import { type Paid, payOrders, untilPaid } from "./pay.ts";
import type { Placed } from "./place.ts";
import type { Prepared } from "./prepare.ts";
import { shown } from "./progress.ts";
import { type Refunded, refundReturns, untilRefunded } from "./refund.ts";
import { type PlannedReturns, planReturns } from "./returns.ts";

export type PaidDay = {
  paid: Paid;
  returns: PlannedReturns;
  refunded: Refunded;
  delays: Delays;
};

/** Pays what was placed, waits until the shop knows it, then refunds what came back, and waits for that. */
export async function payDay(
  day: Day,
  run: {
    shop: Shop;
    sandbox: Pick<SandboxControl, "pay">;
    run: string;
    prepared: Prepared;
    placed: Placed;
    inFlight: number;
  },
): Promise<PaidDay> {
  const { orderIds, orders } = run.placed;
  const paying = { ...run, orderIds };
  const paid = await shown("payments", orders, (bar) => payOrders(paying, bar));
  await shown("paid", paid.payments, (bar) => untilPaid(paying, paid, bar));
  const returns = planReturns(day);
  const { refunds } = returns;
  const refunding = { ...paying, refunds };
  const refunded = await shown("refunds", refunds.length, (bar) => refundReturns(refunding, bar));
  const refundedOrders = new Set(refunds.map(({ order }) => order)).size;
  await shown("refunded", refundedOrders, (bar) => untilRefunded(refunding, refunded, bar));
  const delays = await measureDelays(day, { ...paying, paymentIds: paid.paymentIds });
  return { paid, returns, refunded, delays };
}

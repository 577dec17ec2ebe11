import type { Day } from "../testbed/retail/day.ts";

/** What one invoice of returns takes back of one order; `item` is an index of the day's items. */
export type DayRefund = {
  invoiceNo: string;
  /** Index of the day's orders. */
  order: number;
  lines: { item: number; quantity: bigint }[];
};

export type PlannedReturns = {
  /** In the order in which the goods came back. */
  refunds: DayRefund[];
  /** Units that come back, by item. */
  units: Map<number, bigint>;
  /** Goods that no earlier order of the customer has to give back. */
  unmatched: { lines: number; units: bigint };
};

export const NO_RETURNS: PlannedReturns = {
  refunds: [],
  units: new Map(),
  unmatched: { lines: 0, units: 0n },
};

/**
 * Which orders the returns of the day belong to: those of the same customer with the same item that stand before the
 * return, the latest first, and never more than was bought. All guests are one customer.
 */
export function planReturns(day: Day): PlannedReturns {
  const left = new Map<string, bigint>();
  const ordersWith = new Map<string, number[]>();
  for (const [order, { customerId, lines }] of day.orders.entries()) {
    for (const { item, quantity } of lines) {
      left.set(`${order} ${item}`, quantity);
      const key = `${customerId} ${item}`;
      const known = ordersWith.get(key);
      if (known) known.push(order);
      else ordersWith.set(key, [order]);
    }
  }
  const refunds = new Map<string, DayRefund>();
  const units = new Map<number, bigint>();
  const unmatched = { lines: 0, units: 0n };
  for (const { invoiceNo, customerId, item, quantity, ordersBefore } of day.returns) {
    let wanted = quantity;
    const candidates = ordersWith.get(`${customerId} ${item}`) ?? [];
    for (const order of candidates.filter((index) => index < ordersBefore).reverse()) {
      const key = `${order} ${item}`;
      const has = left.get(key) ?? 0n;
      const taken = has < wanted ? has : wanted;
      if (taken === 0n || item === undefined) continue;
      left.set(key, has - taken);
      wanted -= taken;
      units.set(item, (units.get(item) ?? 0n) + taken);
      const refund = refunds.get(`${invoiceNo} ${order}`) ?? { invoiceNo, order, lines: [] };
      refunds.set(`${invoiceNo} ${order}`, refund);
      addTo(refund, item, taken);
    }
    if (wanted > 0n) unmatched.lines += 1;
    unmatched.units += wanted;
  }
  return { refunds: [...refunds.values()], units, unmatched };
}

function addTo({ lines }: DayRefund, item: number, quantity: bigint): void {
  const line = lines.find((one) => one.item === item);
  if (line) line.quantity += quantity;
  else lines.push({ item, quantity });
}

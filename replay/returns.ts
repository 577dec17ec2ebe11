import type { Day } from "../testbed/retail/day.ts";

/** What one invoice of returns takes back of one order. */
export type DayRefund = {
  invoiceNo: string;
  /** Index of the day's orders. */
  order: number;
  /** `item` is an index of the day's items. */
  lines: { item: number; quantity: bigint }[];
};

export type PlannedReturns = {
  /** In the order in which the goods were returned. */
  refunds: DayRefund[];
  /** Returned units by item. */
  units: Map<number, bigint>;
  /** Returned goods that no earlier order of the customer had. */
  unmatched: { lines: number; units: bigint };
};

export const NO_RETURNS: PlannedReturns = {
  refunds: [],
  units: new Map(),
  unmatched: { lines: 0, units: 0n },
};

/**
 * Assigns the returns of the day to earlier orders of the same customer with the same item, the
 * latest first, and never more than was bought. All guests are one customer.
 */
export function planReturns(day: Day): PlannedReturns {
  const bought = indexOrders(day);
  const refunds = new Map<string, DayRefund>();
  const units = new Map<number, bigint>();
  const unmatched = { lines: 0, units: 0n };
  for (const { invoiceNo, customerId, item, quantity, ordersBefore } of day.returns) {
    let wanted = quantity;
    const candidates = bought.ordersWith.get(`${customerId} ${item}`) ?? [];
    for (const order of candidates.filter((index) => index < ordersBefore).reverse()) {
      const key = `${order} ${item}`;
      const left = bought.left.get(key) ?? 0n;
      const taken = left < wanted ? left : wanted;
      if (taken === 0n || item === undefined) continue;
      bought.left.set(key, left - taken);
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

/** Units that can be returned, by order and item, and the orders of each customer and item. */
function indexOrders(day: Day) {
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
  return { left, ordersWith };
}

function addTo({ lines }: DayRefund, item: number, quantity: bigint): void {
  const line = lines.find((candidate) => candidate.item === item);
  if (line) line.quantity += quantity;
  else lines.push({ item, quantity });
}

import { kindOf, type RetailLine } from "./retail-line.ts";

/** What a day sells: one item for each stock code and price. */
export type Item = {
  stockCode: string;
  unitPriceCents: bigint;
  name: string;
  /** Units that all orders of the day take. */
  sold: bigint;
  /** The number of orders with this item. */
  orders: bigint;
};

export type DayOrder = {
  invoiceNo: string;
  customerId: string;
  country: string;
  /** One line for each item; `item` is an index of the day's items. */
  lines: { item: number; quantity: bigint; unitPriceCents: bigint }[];
  goodsAmountCents: bigint;
};

/** Returned goods; `item` is undefined if the day did not sell them. */
type Return = {
  invoiceNo: string;
  customerId: string;
  stockCode: string;
  unitPriceCents: bigint;
  quantity: bigint;
  item: number | undefined;
  /** How many of the day's orders begin before it in the file. */
  ordersBefore: number;
};

/** A file of invoice lines, read as the day of a shop. */
export type Day = {
  items: Item[];
  orders: DayOrder[];
  /** The customers with orders; "" stands for all guests. */
  customerIds: string[];
  /** Not sold: they are refunds of orders. */
  returns: Return[];
  lines: { read: number; sold: number; returned: number; corrections: number };
  /** Invoices with more lines than an order may have; they are not placed. */
  tooLong: string[];
};

/** Lines of one order, as in order.proto. */
const MAX_ORDER_LINES = 1_000;

type Invoice = { first: RetailLine; quantities: Map<string, bigint> };
type ReturnedLine = { line: RetailLine; invoicesBefore: number };

/**
 * Reads lines until `maxOrders` invoices with sales are complete. Each invoice becomes an order,
 * with one line for each item.
 */
export async function readDay(
  source: AsyncIterable<RetailLine> | Iterable<RetailLine>,
  maxOrders = Number.POSITIVE_INFINITY,
): Promise<Day> {
  const lines = { read: 0, sold: 0, returned: 0, corrections: 0 };
  const invoices = new Map<string, Invoice>();
  const named = new Map<string, RetailLine>();
  const returned: ReturnedLine[] = [];
  for await (const line of source) {
    const kind = kindOf(line);
    const invoice = invoices.get(line.invoiceNo);
    if (kind === "sale" && !invoice && invoices.size >= maxOrders) break;
    lines.read += 1;
    if (kind === "correction") {
      lines.corrections += 1;
    } else if (kind === "return") {
      lines.returned += 1;
      returned.push({ line, invoicesBefore: invoices.size });
    } else {
      lines.sold += 1;
      const { quantities } = invoice ?? open(invoices, line);
      const key = keyOf(line);
      quantities.set(key, (quantities.get(key) ?? 0n) + line.quantity);
      if (!named.get(key)?.description.trim()) named.set(key, line);
    }
  }
  return assemble({ invoices, named, returned, lines });
}

function open(invoices: Map<string, Invoice>, first: RetailLine): Invoice {
  const invoice = { first, quantities: new Map<string, bigint>() };
  invoices.set(first.invoiceNo, invoice);
  return invoice;
}

function keyOf({ stockCode, unitPriceCents }: RetailLine): string {
  return `${stockCode}@${unitPriceCents}`;
}

function assemble(read: {
  invoices: Map<string, Invoice>;
  named: Map<string, RetailLine>;
  returned: ReturnedLine[];
  lines: Day["lines"];
}): Day {
  const items: Item[] = [];
  const indexes = new Map<string, number>();
  const orders: DayOrder[] = [];
  const tooLong: string[] = [];
  /** By a number of invoices: how many of these first invoices became orders. */
  const ordersOf = [0];
  for (const { first, quantities } of read.invoices.values()) {
    const { invoiceNo, customerId, country } = first;
    if (quantities.size > MAX_ORDER_LINES) {
      tooLong.push(invoiceNo);
      ordersOf.push(orders.length);
      continue;
    }
    const order: DayOrder = { invoiceNo, customerId, country, lines: [], goodsAmountCents: 0n };
    for (const [key, quantity] of quantities) {
      const index = indexes.get(key) ?? items.length;
      const item = items[index] ?? itemOf(read.named.get(key) as RetailLine);
      if (index === items.length) items.push(item);
      indexes.set(key, index);
      item.sold += quantity;
      item.orders += 1n;
      order.lines.push({ item: index, quantity, unitPriceCents: item.unitPriceCents });
      order.goodsAmountCents += quantity * item.unitPriceCents;
    }
    ordersOf.push(orders.push(order));
  }
  const returns = read.returned.map(({ line, invoicesBefore }) => ({
    invoiceNo: line.invoiceNo,
    customerId: line.customerId,
    stockCode: line.stockCode,
    unitPriceCents: line.unitPriceCents,
    quantity: line.quantity < 0n ? -line.quantity : line.quantity,
    item: indexes.get(keyOf(line)),
    ordersBefore: ordersOf[invoicesBefore] ?? 0,
  }));
  const customerIds = [...new Set(orders.map(({ customerId }) => customerId))];
  return { items, orders, customerIds, returns, lines: read.lines, tooLong };
}

function itemOf({ stockCode, unitPriceCents, description }: RetailLine): Item {
  // A name in the catalogue has no blanks at its ends; the file's descriptions often do.
  const name = description.trim().replace(/\s+/g, " ") || stockCode;
  return { stockCode, unitPriceCents, name, sold: 0n, orders: 0n };
}

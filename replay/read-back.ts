import pMap from "p-map";
import { type Order, OrderStatus } from "#proto/shop/order/v1/order_pb.ts";
import { CommandError, messageOf } from "../ops/command/command.ts";
import { retry } from "../ops/command/retry.ts";
import type { ShopClients } from "../ops/command/shop-clients.ts";
import type { Day } from "../testbed/retail/day.ts";
import { moneyOf, type PaidFound } from "./compare-paid.ts";
import { emptyTally, type Tally } from "./expected.ts";
import { addMoney, type Money, noMoney } from "./expected-money.ts";
import type { Prepared } from "./prepare.ts";
import type { PayingProvider } from "./provider.ts";

/** What the shop has of a run: stock by goods, orders and money by customer. */
type ReadBack = {
  stock: Map<bigint, bigint>;
  tallies: Map<string, Tally>;
  customers: Map<string, Money>;
};

const PAGE = 100;
const READS_IN_FLIGHT = 8;

/** Orders that count: a pending one is not the customer's yet, a cancelled one holds nothing. */
const STANDING = new Set<OrderStatus>([
  OrderStatus.CONFIRMED,
  OrderStatus.COMPLETED,
  OrderStatus.REFUNDED,
]);

export async function readBack(
  { customerIds }: Day,
  { shop, prepared }: { shop: ShopClients; prepared: Prepared },
): Promise<ReadBack> {
  const found: ReadBack = { stock: new Map(), tallies: new Map(), customers: new Map() };
  const pages = Array.from({ length: Math.ceil(prepared.goodsIds.length / PAGE) }, (_, page) =>
    prepared.goodsIds.slice(page * PAGE, (page + 1) * PAGE),
  );
  const concurrency = READS_IN_FLIGHT;
  await readable(async () => {
    const readPage = async (goodsIds: bigint[]) => {
      const { goods } = await retry(() => shop.goods.listGoods({ goodsIds, pageSize: PAGE }));
      for (const { goodsId, stock } of goods) found.stock.set(goodsId, stock);
    };
    await pMap(pages, readPage, { concurrency });
    const readOne = async (customerId: string) => {
      const userId = prepared.userIds.get(customerId) ?? 0n;
      const { tally, money } = await readCustomer(shop, userId);
      found.tallies.set(customerId, tally);
      found.customers.set(customerId, money);
    };
    await pMap(customerIds, readOne, { concurrency });
  });
  return found;
}

/** The provider's payments, by payment id. */
export async function readProvider(
  provider: Pick<PayingProvider, "payments">,
): Promise<PaidFound["provider"]> {
  return readable(() => provider.payments());
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new CommandError(`the shop cannot be read back: ${messageOf(error)}`, { cause: error });
  }
}

async function readCustomer(
  shop: ShopClients,
  userId: bigint,
): Promise<{ tally: Tally; money: Money }> {
  const tally = emptyTally();
  const money = noMoney();
  let pageToken = "";
  do {
    const page = { userId, pageSize: PAGE, pageToken };
    const { orders, nextPageToken } = await retry(() => shop.order.listOrders(page));
    for (const order of orders) {
      if (STANDING.has(order.orderStatus)) count(tally, order);
      addMoney(money, moneyOf(order));
    }
    pageToken = nextPageToken;
  } while (pageToken !== "");
  const { user } = await retry(() => shop.user.getUser({ userId }));
  money.points = user?.points ?? 0n;
  return { tally, money };
}

function count(tally: Tally, order: Order): void {
  tally.orders += 1;
  tally.lines += order.lines.length;
  tally.amountCents += order.orderAmountCents;
}

import { type BookedOrder, isKept, isPaid, type Ledger, type Sql } from "./orders.ts";

const HELD = 1;
const CENTS_OF_A_POINT = 100n;

/** Balances and points, their logs, and what orders hold or have earned. One point for each full 1.00 spent. */
export async function userDifferences(sql: Sql, orders: Ledger): Promise<string[]> {
  const faults = await Promise.all([
    accountFaults(sql),
    holdFaults(sql, orders),
    pointFaults(sql, orders),
  ]);
  return faults.flat().map((fault) => `user: ${fault}`);
}

type Account = {
  userId: bigint;
  balance: bigint;
  points: bigint;
  logged: bigint;
  lowest: bigint;
  earned: bigint;
};

async function accountFaults(sql: Sql): Promise<string[]> {
  const users = await sql<Account>(
    "user",
    `select u.user_id as userId, u.balance_cents as balance, u.points,
       cast(coalesce((select sum(b.amount_cents) from balance_log b where b.user_id = u.user_id), 0) as signed) as logged,
       cast(coalesce((select min(b.balance_after) from balance_log b where b.user_id = u.user_id), 0) as signed) as lowest,
       cast(coalesce((select sum(p.points) from point_log p where p.user_id = u.user_id), 0) as signed) as earned
     from users u`,
  );
  return users.flatMap(({ userId, balance, points, logged, lowest, earned }) => [
    ...(balance === logged ? [] : [`${userId} has a balance of ${balance}, the log ${logged}`]),
    ...(balance < 0n || lowest < 0n ? [`${userId} was below zero`] : []),
    ...(points === earned ? [] : [`${userId} has ${points} points, the log ${earned}`]),
  ]);
}

async function holdFaults(sql: Sql, orders: Ledger): Promise<string[]> {
  const movements = await sql<{ orderId: bigint; taken: bigint }>(
    "user",
    `select order_id as orderId, cast(-sum(amount_cents) as signed) as taken from balance_log
     where order_id is not null and refund_id = 0 group by order_id`,
  );
  const holds = await sql<{ orderId: bigint; amount: bigint }>(
    "user",
    `select order_id as orderId, amount_cents as amount from balance_holds where state = ${HELD}`,
  );
  const due = new Map(
    [...orders.values()]
      .filter((order) => isKept(order) && order.balancePaid > 0n)
      .map(({ orderId, balancePaid }) => [orderId, balancePaid]),
  );
  const taken = new Map(movements.map((row) => [row.orderId, row.taken]));
  const held = new Map(holds.map(({ orderId, amount }) => [orderId, amount]));
  return [...new Set([...due.keys(), ...taken.keys(), ...held.keys()])].flatMap((orderId) => {
    const expected = due.get(orderId) ?? 0n;
    const [logged, holding] = [taken.get(orderId) ?? 0n, held.get(orderId) ?? 0n];
    if (logged === expected && holding === expected) return [];
    return [`order ${orderId} took ${logged} and holds ${holding} instead of ${expected}`];
  });
}

async function pointFaults(sql: Sql, orders: Ledger): Promise<string[]> {
  const awards = await sql<{ orderId: bigint; points: bigint }>(
    "user",
    `select order_id as orderId, cast(sum(points) as signed) as points from point_log where refund_id = 0
     group by order_id`,
  );
  const awarded = new Map(awards.map(({ orderId, points }) => [orderId, points]));
  const earned = (order: BookedOrder | undefined) =>
    order && isPaid(order) ? (order.amount - order.couponPaid) / CENTS_OF_A_POINT : 0n;
  return [...new Set([...orders.keys(), ...awarded.keys()])].flatMap((orderId) => {
    const [due, got] = [earned(orders.get(orderId)), awarded.get(orderId) ?? 0n];
    return due === got ? [] : [`order ${orderId} gave ${got} points instead of ${due}`];
  });
}

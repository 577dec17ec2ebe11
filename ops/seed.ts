// `npm run seed`: puts a small catalogue, users and an order into the shop, to try things with.

import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { CommandError, ExitCode, runCommand } from "./command/command.ts";
import { commandSettings } from "./command/settings.ts";
import { assertRunning, connectAdministrator, type ShopClients } from "./command/shop-clients.ts";
import { table } from "./command/table.ts";
import { coupons, goods, order, users } from "./seed-data.ts";

export type Seeded = { users: { userName: string; password: string; userId: bigint }[] };

/**
 * Creates the goods, users, coupons and the order of seed-data.ts, through the services and as an
 * administrator. Idempotent. Throws in production: the passwords of the users are public.
 */
export async function seed(settings: ClientSettings<ServiceName>): Promise<Seeded> {
  if (settings.env === "production") {
    throw new CommandError("SHOP_ENV is production; the seed is test data for other environments");
  }
  const shop = connectAdministrator(settings, "seed");
  try {
    const goodsIds = new Map<string, bigint>();
    for (const item of goods) {
      const created = await unlessSeeded(shop.goods.createGoods(item));
      if (created?.goods) goodsIds.set(item.sku, created.goods.goodsId);
    }
    const seeded: Seeded = { users: [] };
    for (const user of users) {
      const { key, userName, password } = user;
      const userId = await seedUser(shop, user);
      seeded.users.push({ userName, password, userId });
      const goodsId = goodsIds.get(order.sku);
      if (key === order.userKey && goodsId) {
        await unlessRefused(seedOrder(shop, { userId, goodsId }));
      }
    }
    return seeded;
  } finally {
    shop.close();
  }
}

async function seedUser(
  shop: ShopClients,
  { key, balanceCents, ...registration }: (typeof users)[number],
): Promise<bigint> {
  const userId = await registerOrLogIn(shop, registration);
  const topUp = { requestId: `seed-${key}`, userId, amountCents: balanceCents };
  await unlessSeeded(shop.user.topUpBalance(topUp));
  for (const coupon of coupons) {
    const { discount } = coupon;
    const requestId = `seed-${key}-${coupon.key}`;
    await unlessSeeded(shop.coupon.issueCoupon({ requestId, userId, discount }));
  }
  return userId;
}

async function seedOrder(
  shop: ShopClients,
  { userId, goodsId }: { userId: bigint; goodsId: bigint },
): Promise<void> {
  const { quantity, address } = order;
  const quoted = await shop.order.quoteOrder({ userId, lines: [{ goodsId, quantity }] });
  const { lines, shippingFeeCents, orderAmountCents } = quoted;
  await shop.order.placeOrder({
    requestId: `seed-order-${order.userKey}`,
    userId,
    lines,
    address,
    shippingFeeCents,
    orderAmountCents,
    balanceCents: orderAmountCents,
  });
}

/** A shop that someone has used may have sold out or taken the goods off the shelf. */
async function unlessRefused(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

async function registerOrLogIn(
  shop: ShopClients,
  registration: { userName: string; password: string; mobile: string },
): Promise<bigint> {
  try {
    return (await shop.user.register(registration)).user?.userId ?? 0n;
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== Reason.USER_NAME_TAKEN) throw error;
    return (await shop.user.login(registration)).user?.userId ?? 0n;
  }
}

/** Keeps what an earlier version of the seed data created with the same request id. */
async function unlessSeeded<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== Reason.REQUEST_ID_REUSED) throw error;
    return undefined;
  }
}

/** Name, password and identifier of a seeded user, for people. */
export function userRow({ userName, password, userId }: Seeded["users"][number]): string[] {
  return [userName, `"${password}"`, String(userId)];
}

async function checkServices(settings: ClientSettings<ServiceName>): Promise<void> {
  const shop = connectAdministrator(settings, "seed");
  try {
    await assertRunning(shop, settings, ["goods", "coupon", "user", "order"]);
  } finally {
    shop.close();
  }
}

if (import.meta.main) {
  await runCommand({
    name: "seed",
    summary:
      "Puts a small catalogue, users with balance and coupons, and a paid order into the running shop. " +
      "Seeding again changes nothing.",
    options: {},
    notes: [
      "Prints the users with their passwords, which are public; production is never seeded.",
      "Settings (default: those of a running npm start): SHOP_PORT_BASE or SHOP_<SERVICE>_ADDRESS, " +
        "SHOP_TOKEN_PRIVATE_KEY.",
    ],
    async run() {
      const settings = commandSettings((read) => clientSettings(read, SERVICES));
      await checkServices(settings);
      const seeded = await seed(settings);
      const rows = [["name", "password", "user"], ...seeded.users.map(userRow)];
      console.log(`seeded ${goods.length} goods and ${seeded.users.length} users with coupons:`);
      console.log(table(rows, { indent: 2 }));
      return ExitCode.DONE;
    },
  });
}

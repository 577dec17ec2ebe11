// `npm run seed`: puts a small catalogue and three users into the shop, to try things with.

import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { CommandError, ExitCode, runCommand } from "./command/command.ts";
import { commandSettings } from "./command/settings.ts";
import { assertRunning, connectAdministrator, type ShopClients } from "./command/shop-clients.ts";
import { table } from "./command/table.ts";
import { coupons, goods, users } from "./seed-data.ts";

export type Seeded = { users: { userName: string; userId: bigint }[] };

/**
 * Creates the goods, users and coupons of seed-data.ts, through the services and as an
 * administrator. Idempotent. Throws in production: the passwords of the users are public.
 */
export async function seed(settings: ClientSettings<ServiceName>): Promise<Seeded> {
  if (settings.env === "production") {
    throw new CommandError("SHOP_ENV is production; the seed is test data for other environments");
  }
  const shop = connectAdministrator(settings, "seed");
  try {
    for (const item of goods) await unlessSeeded(shop.goods.createGoods(item));
    const seeded: Seeded = { users: [] };
    for (const user of users) {
      const { userName } = user;
      seeded.users.push({ userName, userId: await seedUser(shop, user) });
    }
    return seeded;
  } finally {
    shop.close();
  }
}

async function seedUser(
  shop: ShopClients,
  { balanceCents, ...registration }: (typeof users)[number],
): Promise<bigint> {
  const { userName } = registration;
  const userId = await registerOrLogIn(shop, registration);
  const topUp = { requestId: `seed-${userName}`, userId, amountCents: balanceCents };
  await unlessSeeded(shop.user.topUpBalance(topUp));
  for (const { key, discount } of coupons) {
    const requestId = `seed-${userName}-${key}`;
    await unlessSeeded(shop.coupon.issueCoupon({ requestId, userId, discount }));
  }
  return userId;
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
async function unlessSeeded(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== Reason.REQUEST_ID_REUSED) throw error;
  }
}

async function checkServices(settings: ClientSettings<ServiceName>): Promise<void> {
  const shop = connectAdministrator(settings, "seed");
  try {
    await assertRunning(shop, settings, ["goods", "coupon", "user"]);
  } finally {
    shop.close();
  }
}

if (import.meta.main) {
  await runCommand({
    name: "seed",
    summary:
      "Puts a small catalogue, and three users with balance and coupons, into the running shop. " +
      "Seeding again changes nothing.",
    options: {},
    notes: ["Settings: SHOP_PORT_BASE or SHOP_<SERVICE>_ADDRESS, SHOP_TOKEN_PRIVATE_KEY."],
    async run() {
      const settings = commandSettings((read) => clientSettings(read, SERVICES));
      await checkServices(settings);
      const seeded = await seed(settings);
      const rows = seeded.users.map(({ userName, userId }) => [userName, String(userId)]);
      console.log(`seeded ${goods.length} goods and ${seeded.users.length} users with coupons:`);
      console.log(table(rows, { indent: 2 }));
      return ExitCode.DONE;
    },
  });
}

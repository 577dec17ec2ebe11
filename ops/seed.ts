import { createClient } from "#platform/rpc/clients.ts";
import { signToken } from "#platform/rpc/tokens.ts";
import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings, SettingsError } from "#platform/settings/settings.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { CouponService } from "#proto/shop/coupon/v1/coupon_pb.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { coupons, goods, users } from "./seed-data.ts";

const timeoutMs = 30_000;
const ttlSeconds = 600;

export type Seeded = { users: { userName: string; userId: bigint }[] };

/**
 * Puts a small catalogue, three users with balance and their coupons into the shop, through its
 * doors and as an administrator. Idempotent. Refuses in production, where nobody wants them.
 */
export async function seed(settings: ClientSettings<ServiceName>): Promise<Seeded> {
  if (settings.env === "production") throw new Error("production is not seeded");
  const shared = {
    tls: settings.tls,
    timeoutMs,
    serviceToken: () => signToken(settings.tokens, { role: "admin", subject: "seed", ttlSeconds }),
  };
  const { addresses } = settings;
  const clients = {
    goods: createClient(GoodsService, { ...shared, address: addresses.goods }),
    coupon: createClient(CouponService, { ...shared, address: addresses.coupon }),
    user: createClient(UserService, { ...shared, address: addresses.user }),
  };
  try {
    for (const item of goods) await unlessSeeded(clients.goods.createGoods(item));
    const seeded: Seeded = { users: [] };
    for (const { balanceCents, ...registration } of users) {
      const { userName } = registration;
      const userId = await registerOrLogin(clients.user, registration);
      const topUp = { requestId: `seed-${userName}`, userId, amountCents: balanceCents };
      await unlessSeeded(clients.user.topUpBalance(topUp));
      for (const { key, discount } of coupons) {
        const requestId = `seed-${userName}-${key}`;
        await unlessSeeded(clients.coupon.issueCoupon({ requestId, userId, discount }));
      }
      seeded.users.push({ userName, userId });
    }
    return seeded;
  } finally {
    for (const client of Object.values(clients)) client.close();
  }
}

type UserClient = Pick<ReturnType<typeof createClient<typeof UserService>>, "register" | "login">;

async function registerOrLogin(
  client: UserClient,
  registration: { userName: string; password: string; mobile: string },
): Promise<bigint> {
  try {
    return (await client.register(registration)).user?.userId ?? 0n;
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== Reason.USER_NAME_TAKEN) throw error;
    return (await client.login(registration)).user?.userId ?? 0n;
  }
}

/** An earlier version of the seed data may have used the same request id; what is there stays. */
async function unlessSeeded(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== Reason.REQUEST_ID_REUSED) throw error;
  }
}

if (import.meta.main) {
  try {
    const { users: found } = await seed(
      readSettings(process.env, (read) => clientSettings(read, SERVICES)),
    );
    console.log(`seeded ${goods.length} goods, and ${found.length} users with coupons:`);
    for (const { userName, userId } of found) console.log(`  ${userName}  ${userId}`);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = error instanceof SettingsError ? 2 : 1;
  }
}

import { randomBytes } from "node:crypto";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { formatAmount } from "#platform/values/currencies.ts";
import type { ServiceName } from "#proto/services.ts";
import type { Goods } from "#proto/shop/goods/v1/goods_pb.ts";
import type { Provider } from "#proto/shop/pay/v1/pay_pb.ts";
import { CommandError } from "../../ops/command/command.ts";
import { connectShop, type ShopClients } from "../../ops/command/shop-clients.ts";
import { type Story, story } from "./story.ts";

/** What the steps of the demo share. */
export type Demo = {
  admin: ShopClients;
  shopper: ShopClients;
  userId: bigint;
  couponId: bigint;
  /** The goods of the order, in the order of its lines. */
  goods: Goods[];
  /** Where the shopper pays. */
  provider: Provider;
  /** The page of a simulated provider that stands for the shopper's phone, by its name. */
  scanUrls: Readonly<Record<string, string>>;
  story: Story;
  /** An amount for people, with the places of the shop's currency: "12.34" in EUR. */
  money: (cents: bigint) => string;
};

export type DemoSettings = ClientSettings<ServiceName> & {
  currency: string;
  scanUrls: Demo["scanUrls"];
};

const BALANCE_CENTS = 2_000n;
const COUPON_CENTS = 500n;
const COUPON_MINIMUM_CENTS = 3_000n;

/** Registers a shopper, who gets a balance and a coupon, and chooses the goods of the order. */
export async function prepare(
  settings: DemoSettings,
  admin: ShopClients,
  provider: Provider,
): Promise<Demo> {
  const { chapter, line, block } = story();
  const { currency, scanUrls } = settings;
  const money = (cents: bigint) => formatAmount(cents, currency);
  chapter("A shopper registers and logs in");
  const userName = `demo-${randomBytes(3).toString("hex")}`;
  const { userId, accessToken } = await register(settings, userName);
  line(`${userName} is user ${userId}`);

  chapter("An administrator gives the shopper a balance and a coupon");
  const topUp = { requestId: `${userName}-balance`, userId, amountCents: BALANCE_CENTS };
  await admin.user.topUpBalance(topUp);
  line(`balance ${money(BALANCE_CENTS)}`);
  const { coupon } = await admin.coupon.issueCoupon({
    requestId: `${userName}-coupon`,
    userId,
    discount: {
      kind: { case: "amountOffCents", value: COUPON_CENTS },
      minimumGoodsAmountCents: COUPON_MINIMUM_CENTS,
    },
  });
  const couponId = coupon?.couponId ?? 0n;
  const minimum = money(COUPON_MINIMUM_CENTS);
  line(`coupon ${couponId}: ${money(COUPON_CENTS)} off orders of ${minimum} and more`);
  return {
    admin,
    shopper: connectShop(settings, async () => accessToken),
    userId,
    couponId,
    goods: await chooseGoods(admin),
    provider,
    scanUrls,
    story: { chapter, line, block },
    money,
  };
}

async function register(settings: ClientSettings<ServiceName>, userName: string) {
  const anonymous = connectShop(settings);
  try {
    const password = randomBytes(12).toString("base64url");
    const { user } = await anonymous.user.register({ userName, password, mobile: "" });
    const { accessToken } = await anonymous.user.login({ userName, password });
    return { userId: user?.userId ?? 0n, accessToken };
  } finally {
    anonymous.close();
  }
}

/** Chooses two goods in stock whose prices reach the minimum of the coupon. */
async function chooseGoods({ goods: catalogue }: ShopClients): Promise<Goods[]> {
  const { goods } = await catalogue.listGoods({ pageSize: 100 });
  const inStock = goods.filter(({ stock }) => stock >= 2n);
  const expensive = inStock.find(({ unitPriceCents }) => unitPriceCents >= COUPON_MINIMUM_CENTS);
  const cheap = inStock.find((item) => item !== expensive && item.unitPriceCents > 0n);
  if (expensive && cheap) return [cheap, expensive];
  throw new CommandError("the shop has too little stock for the demo; run npm run seed");
}

import type { DescMethod } from "@bufbuild/protobuf";
import { signToken } from "#platform/rpc/tokens.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { Availability, GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import { connectShop } from "../../ops/command/shop-clients.ts";
import { table } from "../../ops/command/table.ts";
import { type Seeded, userRow } from "../../ops/seed.ts";
import type { Offered } from "./offer-simulated.ts";

const TOKEN_SECONDS = 24 * 3_600;

const LIST_GOODS = pathOf(GoodsService.method.listGoods);
const QUOTE_ORDER = pathOf(OrderService.method.quoteOrder);
const PLACE_ORDER = pathOf(OrderService.method.placeOrder);

/** A line for each program and engine, with its address; also what a second `npm start` prints. */
export function addressLines(
  settings: ClientSettings<ServiceName>,
  others: Record<string, string | undefined>,
): string[] {
  const services = SERVICES.map((name) => [name, settings.addresses[name]]);
  const found = Object.entries(others).flatMap(([name, address]) =>
    address === undefined ? [] : [[name, address]],
  );
  return table([...services, ...found], { indent: 2 }).split("\n");
}

/** A line for each provider that `npm start` can simulate; none in production. */
export function providerLines(offered: Offered | undefined): string[] {
  if (offered === undefined) return [];
  const rows = Object.entries({ sandbox: "simulated", ...offered });
  return ["", "Payment providers:", "", ...table(rows, { indent: 2 }).split("\n")];
}

/**
 * Two tokens, and three commands with real identifiers to paste into another terminal: JSON at the
 * gateway, gRPC at the gateway, and gRPC at a service.
 */
export async function thingsToTry(
  settings: ClientSettings<ServiceName>,
  { seeded, gateway }: { seeded: Seeded; gateway: string },
): Promise<string[]> {
  const shopper = seeded.users[0];
  if (shopper === undefined) return [];
  const sign = (role: "admin" | "user", subject: string) =>
    signToken(settings.tokens, { role, subject, ttlSeconds: TOKEN_SECONDS });
  const userToken = await sign("user", String(shopper.userId));
  const { quote, order } = await requests(settings, shopper.userId, userToken);
  const asShopper = '-H "authorization: Bearer $SHOPPER"';
  const json = '-H "content-type: application/json"';
  const security = settings.tls === undefined ? "-plaintext" : "-cacert CA_FILE";
  return [
    "To log in with (npm run seed prints them again):",
    "",
    table(seeded.users.map(userRow), { indent: 2 }),
    "",
    `Tokens of an administrator and of ${shopper.userName} (user ${shopper.userId}), for a day:`,
    "",
    `  export ADMIN=${await sign("admin", "operator")}`,
    `  export SHOPPER=${userToken}`,
    "",
    "Another one: npm run --silent token -- --role user --user ID. A token of Login is valid for 15 minutes;",
    "RefreshSession renews it.",
    "",
    "To try in another terminal; docs/api.md has more:",
    "",
    `  curl ${gateway}/${LIST_GOODS} ${json} -d '{"pageSize":5}'`,
    `  grpcurl -plaintext ${asShopper} -d '${quote}' ${new URL(gateway).host} ${QUOTE_ORDER}`,
    `  grpcurl ${security} ${asShopper} -d '${order}' ${settings.addresses.order} ${PLACE_ORDER}`,
  ];
}

/** The path of a method in every protocol, such as shop.goods.v1.GoodsService/ListGoods. */
function pathOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

/** In JSON, a quote and an order of two of the cheaper goods in stock, with the quoted amounts. */
async function requests(settings: ClientSettings<ServiceName>, userId: bigint, token: string) {
  const shop = connectShop(settings, async () => token);
  try {
    const { goods } = await shop.goods.listGoods({ pageSize: 100 });
    const chosen = goods
      .filter(({ availability }) => availability === Availability.IN_STOCK)
      .sort((a, b) => Number(a.unitPriceCents - b.unitPriceCents))
      .slice(0, 2);
    const lines = chosen.map(({ goodsId }, index) => ({ goodsId, quantity: BigInt(index + 1) }));
    const quoted = await shop.order.quoteOrder({ userId, lines });
    return {
      quote: JSON.stringify({
        lines: lines.map(({ goodsId, quantity }) => ({
          goods_id: String(goodsId),
          quantity: String(quantity),
        })),
      }),
      order: JSON.stringify({
        request_id: `try-${Date.now().toString(36)}`,
        lines: quoted.lines.map((line) => ({
          goods_id: String(line.goodsId),
          quantity: String(line.quantity),
          unit_price_cents: String(line.unitPriceCents),
        })),
        address: { consignee: "Ada", mobile: "+49 30 1234567", text: "1 Harbour Street" },
        shipping_fee_cents: String(quoted.shippingFeeCents),
        order_amount_cents: String(quoted.orderAmountCents),
      }),
    };
  } finally {
    shop.close();
  }
}

import type { DescMethod } from "@bufbuild/protobuf";
import { createClient } from "#platform/rpc/clients.ts";
import { signToken } from "#platform/rpc/tokens.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { GoodsService } from "#proto/shop/goods/v1/goods_pb.ts";
import { OrderService } from "#proto/shop/order/v1/order_pb.ts";
import type { Seeded } from "../../ops/seed.ts";

const tokenSeconds = 24 * 3_600;
const timeoutMs = 15_000;

const LIST_GOODS = pathOf(GoodsService.method.listGoods);
const QUOTE_ORDER = pathOf(OrderService.method.quoteOrder);
const PLACE_ORDER = pathOf(OrderService.method.placeOrder);

/** Where everything is, one line each; also what a second `npm start` shows. */
export function addressLines(
  settings: ClientSettings<ServiceName>,
  others: Record<string, string | undefined>,
): string[] {
  const lines = SERVICES.map((name) => [name, settings.addresses[name]] as const);
  const found = Object.entries(others).filter(([, where]) => where !== undefined);
  return [...lines, ...found].map(([name, where]) => `  ${name.padEnd(9)} ${where}`);
}

/** Tokens, and three commands with real identifiers that can be pasted into another terminal: each door, each client. */
export async function thingsToTry(
  settings: ClientSettings<ServiceName>,
  { seeded, gateway }: { seeded: Seeded; gateway: string },
): Promise<string[]> {
  const shopper = seeded.users[0];
  if (shopper === undefined) return [];
  const sign = (role: "admin" | "user", subject: string) =>
    signToken(settings.tokens, { role, subject, ttlSeconds: tokenSeconds });
  const userToken = await sign("user", String(shopper.userId));
  const { quote, order } = await requests(settings, shopper.userId, userToken);
  const asShopper = '-H "authorization: Bearer $SHOPPER"';
  const json = '-H "content-type: application/json"';
  const security = settings.tls === undefined ? "-plaintext" : "-cacert CA_FILE";
  return [
    `An administrator's and a shopper's token (${shopper.userName}, user ${shopper.userId}), for a day:`,
    "",
    `  export ADMIN=${await sign("admin", "operator")}`,
    `  export SHOPPER=${userToken}`,
    "",
    "Three things to try, in another terminal; more are in README.md:",
    "",
    `  curl ${gateway}/${LIST_GOODS} ${json} -d '{"pageSize":5}'`,
    `  grpcurl -plaintext ${asShopper} -d '${quote}' ${new URL(gateway).host} ${QUOTE_ORDER}`,
    `  grpcurl ${security} ${asShopper} -d '${order}' ${settings.addresses.order} ${PLACE_ORDER}`,
  ];
}

/** As the clients of every protocol have it: shop.goods.v1.GoodsService/ListGoods. */
function pathOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

/** In JSON, an order of two of the cheaper goods that are there now, with the amounts that the shop quotes. */
async function requests(settings: ClientSettings<ServiceName>, userId: bigint, token: string) {
  const shared = { tls: settings.tls, timeoutMs, serviceToken: async () => token };
  const goodsClient = createClient(GoodsService, { ...shared, address: settings.addresses.goods });
  const orderClient = createClient(OrderService, { ...shared, address: settings.addresses.order });
  try {
    const { goods } = await goodsClient.listGoods({ pageSize: 100 });
    const chosen = goods
      .filter(({ stock }) => stock > 1n)
      .sort((a, b) => Number(a.unitPriceCents - b.unitPriceCents))
      .slice(0, 2);
    const lines = chosen.map(({ goodsId }, index) => ({ goodsId, quantity: BigInt(index + 1) }));
    const quoted = await orderClient.quoteOrder({ userId, lines });
    const spoken = lines.map(({ goodsId, quantity }) => ({
      goods_id: String(goodsId),
      quantity: String(quantity),
    }));
    return {
      quote: JSON.stringify({ lines: spoken }),
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
    goodsClient.close();
    orderClient.close();
  }
}

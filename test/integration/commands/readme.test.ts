import assert from "node:assert/strict";
import { delimiter, join } from "node:path";
import { create, toJson } from "@bufbuild/protobuf";
import { type ClientSettings, clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { OrderStatus, PlaceOrderRequestSchema } from "#proto/shop/order/v1/order_pb.ts";
import { type Finished, findPrograms, run } from "../../../local/engines/commands.ts";
import { thingsToTry } from "../../../local/up/announce.ts";
import { type Seeded, seed } from "../../../ops/seed.ts";
import { goods } from "../../../ops/seed-data.ts";
import { METHODS } from "../../../testbed/calls/contract.ts";
import { placeRequest } from "../../../testbed/orders/fixtures.ts";
import { startMs } from "../../../testbed/shop/shared-shop.ts";
import { type Shop, startShop } from "../../../testbed/shop/shop.ts";
import { canRunGrpcurl, installGrpcurl, installMs } from "./grpcurl.ts";
import { blocks as blocksOfPages, root, shows } from "./readme.ts";

const sessionMs = 90_000;
const hasGrpcurl = canRunGrpcurl();
const tools = ["curl", "bash"].filter((name) => findPrograms([name], process.env).length === 0);

// A pending test would fail the run, so nothing is registered without the tools.
if (tools.length > 0) {
  console.log(
    `  SKIPPED: the commands of the documentation; this machine lacks ${tools.join(", ")}`,
  );
} else {
  if (!hasGrpcurl) console.log("  SKIPPED: the commands with grpcurl; this machine lacks Go");
  describe("the commands of README.md and docs/api.md, typed in order after `npm start`", tests);
}

function tests(): void {
  const blocks = blocksOfPages().filter(
    ({ commands }) => hasGrpcurl || !/^grpcurl/m.test(commands),
  );
  let shop: Shop;
  let settings: ClientSettings<ServiceName>;
  let seeded: Seeded;
  let path = join(root, "node_modules/.bin");
  /** What each block printed. */
  let printed: string[];

  before(async function () {
    this.timeout(startMs + installMs + sessionMs);
    if (hasGrpcurl) path += delimiter + (await installGrpcurl());
    shop = await startShop({ gateway: true });
    const addresses = SERVICES.map((name) => [
      `SHOP_${name.toUpperCase()}_ADDRESS`,
      shop.addresses[name],
    ]);
    const env = { SHOP_ENV: "test", ...Object.fromEntries(addresses) };
    settings = readSettings(env, (read) => clientSettings(read, SERVICES));
    seeded = await seed(settings);
    const mark = "== next ==";
    const session = blocks.map(({ commands }) => `${commands}\necho "${mark}"\n`).join("");
    const finished = await type(session);
    assert.equal(finished.code, 0, outputText(finished));
    printed = finished.stdout.split(`${mark}\n`);
  });
  after(() => shop?.stop());

  /** Runs commands in the root folder, with the addresses of this shop in place of the defaults. */
  function type(commands: string): Promise<Finished> {
    const moved = commands.replace(/127\.0\.0\.1:5005(\d)\b/g, (_, offset: string) => {
      const service = SERVICES[Number(offset) - 1];
      return service ? shop.addresses[service] : new URL(shop.gatewayUrl).host;
    });
    return run("bash", ["-euo", "pipefail", "-c", moved], {
      cwd: root,
      env: { ...process.env, PATH: [path, process.env.PATH].join(delimiter) },
      timeoutMs: sessionMs,
    });
  }
  const outputOf = (words: string) =>
    printed[blocks.findIndex(({ commands }) => commands.includes(words))] ?? assert.fail(words);

  it("register, log in and order with curl", async () => {
    const [registered = "", ordered = ""] = outputOf("PlaceOrder").split("\n");
    const { order: placed } = JSON.parse(ordered);
    const { order } = await shop.admin.order.getOrder({ orderId: BigInt(placed.orderId) });
    assert.equal(String(order?.userId), JSON.parse(registered).user.userId);
    assert.equal(order?.orderAmountCents, 2_780n);
    assert.equal(order.orderStatus, OrderStatus.CANCELLED, "by the stream's block");
  });

  it("print what the pages show", () => {
    const shown = blocks.flatMap((block, index) => (block.shown ? [{ ...block, index }] : []));
    assert.ok(shown.length >= (hasGrpcurl ? 3 : 2));
    for (const { shown: text = "", index } of shown) {
      assert.ok(shows(text, printed[index] ?? ""), `${text}\nis not in\n${printed[index]}`);
    }
  });

  it("list every public method at the gateway with buf, and print a stream to its end", () => {
    const output = outputOf("buf curl");
    const found = [...output.matchAll(/^shop\.\w+\.v1\.\w+\/\w+$/gm)].map(
      ([method]) => `/${method}`,
    );
    const isOutside = ({ access }: { access: Access }) => access !== Access.SERVICE;
    assert.deepEqual(
      found.sort(),
      METHODS.filter(isOutside)
        .map((method) => method.path)
        .sort(),
    );
    assert.match(output, /ORDER_STATUS_CONFIRMED[\s\S]*"orderStatus": "ORDER_STATUS_CANCELLED",$/m);
  });

  if (!hasGrpcurl) return;

  it("reflect the gateway and each service with grpcurl", () => {
    const output = outputOf("grpcurl -plaintext 127.0.0.1:50050 list");
    const listed = [...output.matchAll(/^shop\.\w+\.v1\.\w+Service$/gm)];
    assert.equal(listed.length, SERVICES.length);
    assert.match(output, /^message PlaceOrderRequest \{$/m);
    assert.equal(output.match(new RegExp(`"sku": "${goods[0]?.sku}"`, "g"))?.length, 2);
    assert.match(output, /"userName": "shopper-\d+"/);
    assert.match(output, /"orderStatus": "ORDER_STATUS_CANCELLED"/);
    assert.match(output, /"status": "SERVING"/);
  });

  it("show the details of errors of the gateway and each service with grpcurl", async () => {
    const calls = [
      ["50051 shop.goods.v1.GoodsService/GetGoods", "goods_id", "GOODS_NOT_FOUND"],
      ["50052 shop.coupon.v1.CouponService/GetCoupon", "coupon_id", "COUPON_NOT_FOUND"],
      ["50053 shop.user.v1.UserService/GetUser", "user_id", "USER_NOT_FOUND"],
      ["50054 shop.order.v1.OrderService/GetOrder", "order_id", "ORDER_NOT_FOUND"],
      ["50055 shop.pay.v1.PayService/GetPayment", "payment_id", "PAYMENT_NOT_FOUND"],
    ];
    const [, shopper] = await thingsToTryHere();
    for (const [target = "", field, reason] of calls) {
      for (const place of [target, target.replace(/^\d+/, "50050")]) {
        const words = `grpcurl -plaintext -H "authorization: Bearer $SHOPPER" -d '{"${field}": "1"}'`;
        const { code, stderr } = await type(`${shopper}\n${words} 127.0.0.1:${place}`);
        assert.equal(code, 69, `${place}\n${stderr}`);
        assert.match(stderr, new RegExp(`"reason": "REASON_${reason}"`), place);
      }
    }
  });

  it("include those that `npm start` prints", async () => {
    const commands = await thingsToTryHere();
    assert.equal(commands.length, 5);
    const finished = await type(commands.join("\necho\n"));
    assert.equal(finished.code, 0, outputText(finished));
    assert.match(
      finished.stdout,
      /"goodsId":"\d+".*"payAmountCents": "\d+".*ORDER_STATUS_CONFIRMED/s,
    );
  });

  // The last test, because it kills a service.
  it("show fields and pauses of refusals with grpcurl, as every client of google.rpc does", async () => {
    const [, shopper] = await thingsToTryHere();
    const refusalOf = async (data: object, target: string) => {
      const json = JSON.stringify(data).replaceAll("'", "\\u0027");
      const words = `grpcurl -plaintext -H "authorization: Bearer $SHOPPER" -d '${json}'`;
      const { code, stderr } = await type(`${shopper}\n${words} ${target}`);
      assert.notEqual(code, 0);
      assert.doesNotMatch(stderr, /unresolvable|not found in/i);
      return stderr;
    };
    const places = (port: number) => [`127.0.0.1:${port}`, "127.0.0.1:50050"];
    for (const place of places(50_051)) {
      const shown = await refusalOf(
        { page_token: "x" },
        `${place} shop.goods.v1.GoodsService/ListGoods`,
      );
      assert.match(shown, /google\.rpc\.ErrorInfo[\s\S]*"domain": ?"jetshop"/);
      assert.match(shown, /google\.rpc\.BadRequest[\s\S]*"field": ?"page_token"/);
    }
    const [item] = (await shop.admin.goods.listGoods({ pageSize: 1 })).goods;
    assert.ok(item);
    await shop.kill("goods");
    try {
      for (const place of places(50_054)) {
        // Without a user, the order is the caller's.
        const request = placeRequest({ userId: 0n, lines: [[item, 1n]] });
        const message = create(PlaceOrderRequestSchema, request);
        const data = toJson(PlaceOrderRequestSchema, message) as object;
        const shown = await refusalOf(data, `${place} shop.order.v1.OrderService/PlaceOrder`);
        assert.match(shown, /REASON_DEPENDENCY_UNAVAILABLE/);
        assert.match(shown, /google\.rpc\.RetryInfo[\s\S]*"retryDelay": ?"1s"/);
      }
    } finally {
      await shop.restart("goods");
    }
  });

  /** The commands that `npm start` prints: two tokens, then the calls. */
  async function thingsToTryHere(): Promise<string[]> {
    const lines = await thingsToTry(settings, { seeded, gateway: shop.gatewayUrl });
    return lines.filter((line) => /^ {2}(export|curl|grpcurl) /.test(line));
  }
}

function outputText({ stdout, stderr }: Finished): string {
  return `${stdout}\n${stderr}`;
}

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { type DescField, type JsonObject, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import { METHODS, type Method, methodNamed } from "../../../testbed/calls/contract.ts";
import {
  type CallerKind,
  newWorld,
  VALID,
  validOf,
  type World,
} from "../../../testbed/calls/valid-requests.ts";
import { newId, placeRequest } from "../../../testbed/orders/fixtures.ts";
import { quiet } from "../../../testbed/orders/snapshot.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { type Answer, type Route, type Routes, routesTo } from "./transports.ts";

const PUBLIC = METHODS.filter(({ access }) => access !== Access.SERVICE);
const INTERNAL = METHODS.filter(({ access }) => access === Access.SERVICE);

/** Methods that accept a request only once, so that each route needs its own. */
const ONCE = ["user Register", "user RefreshSession"];

/** Fields that differ in every answer. Only their types are compared. */
const VOLATILE: Record<string, string[]> = {
  "user Register": ["userId", "userName", "registerTime"],
  "user Login": ["accessToken", "refreshToken", "expireTime", "refreshExpireTime", "deviceToken"],
  "user RefreshSession": ["accessToken", "refreshToken", "expireTime", "refreshExpireTime"],
};

type Change = (world: World) => object | Promise<object>;
/** Refusals with metadata: the change to a valid request, and the reason that it is refused for. */
const REFUSED: [method: string, change: Change, reason: string][] = [
  ["order PlaceOrder", (world) => placing(world, { addCents: 1n }), "GOODS_PRICE_CHANGED"],
  ["order PlaceOrder", (world) => placing(world, { quantity: 1_000_000n }), "STOCK_NOT_ENOUGH"],
  ["order PlaceOrder", () => ({ orderAmountCents: 1n }), "ORDER_AMOUNT_INVALID"],
  [
    "order CancelOrder",
    async ({ shippedOrderId }) => ({ orderId: await shippedOrderId() }),
    "ORDER_STATE_INVALID",
  ],
  ["order ShipOrder", ({ orderId }) => ({ orderId }), "ORDER_STATE_INVALID"],
  ["pay CreatePayment", () => ({ provider: "none" }), "PROVIDER_NOT_FOUND"],
  ["user Login", () => ({ password: "another horse battery staple" }), "UNAUTHENTICATED"],
  ["user Register", ({ userId }) => ({ userName: `shopper ${userId}` }), "USER_NAME_TAKEN"],
  ["goods AdjustStock", () => ({ delta: -9_999_999n }), "STOCK_NOT_ENOUGH"],
];

/** Codes that a bad request must never get. */
const NEVER = ["Internal", "Unknown", "Unavailable", "DeadlineExceeded", "DataLoss"];

describe("a request in every protocol", function () {
  this.timeout(startMs);
  let shop: Shop;
  let world: World;
  let routes: Routes;
  let allRoutes: Route[];
  let headersOf: Record<CallerKind, Record<string, string>>;

  before(async () => {
    shop = await sharedShop();
    world = await newWorld(shop);
    routes = routesTo(shop);
    allRoutes = [routes.direct, ...routes.throughGateway];
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    headersOf = {
      anonymous: {},
      user: bearer(await token("user", String(world.userId))),
      admin: bearer(await token("admin", "tester")),
      service: bearer(await token("service", "order")),
    };
  });
  after(() => routes?.close());

  const routeName = (index: number) => routes.throughGateway[index]?.name ?? "";
  /** Sends the request on every route and returns the answer, which must be the same on all. */
  const sendOnAll = async (method: Method, request: object, headers: Record<string, string>) => {
    const first = await routes.direct.send(method, request, headers);
    const others = await Promise.all(
      routes.throughGateway.map((route) => route.send(method, request, headers)),
    );
    for (const [index, answer] of others.entries()) {
      assert.deepEqual(answer, first, routeName(index));
    }
    return first;
  };

  it("is tested for every rpc of the proto files", () => {
    const rpcs = globSync("proto/shop/**/*.proto").flatMap((path) => {
      const text = readFileSync(path, "utf8");
      const name = /^package ([\w.]+);/m.exec(text)?.[1];
      const service = /^service (\w+)/m.exec(text)?.[1];
      return [...text.matchAll(/^ {2}rpc (\w+)\(/gm)].map(
        ([, rpc]) => `/${name}.${service}/${rpc}`,
      );
    });
    assert.ok(rpcs.length > 0);
    assert.deepEqual([...new Set(METHODS.map(({ path }) => path))].sort(), rpcs.sort());
    assert.deepEqual(METHODS.map(({ name }) => name).sort(), Object.keys(VALID).sort());
  });

  for (const method of PUBLIC) {
    const { name } = method;

    it(`gets the same answer: ${name}`, async () => {
      const { caller, request } = validOf(method);
      const shared = await request(world);
      await quiet(shop);
      const answers = await inTurn(allRoutes, async (route) => {
        const own = ONCE.includes(name) ? await request(world) : shared;
        return route.send(method, own, headersOf[caller]);
      });
      const [first, ...others] = answers.map((answer) => withoutVolatile(answer, VOLATILE[name]));
      assert.equal(first?.code, "Ok", first?.message ?? "");
      for (const [index, answer] of others.entries()) {
        assert.deepEqual(answer, first, routeName(index));
      }
    });

    it(`gets the same refusal: ${name}`, async () => {
      const { caller, request } = validOf(method);
      const valid = await request(world);
      const refused = async (what: string, call: object, headers: Record<string, string>) => {
        const answer = await sendOnAll(method, call, headers);
        assert.ok(!NEVER.includes(answer.code), `${what}: ${answer.code} ${answer.message}`);
        return answer;
      };
      const bad = { authorization: "Bearer null" };
      assert.equal((await refused("an invalid token", valid, bad)).code, "Unauthenticated");
      if (method.access !== Access.PUBLIC) {
        assert.equal((await refused("no token", valid, {})).code, "Unauthenticated");
      }
      if (method.access === Access.ADMIN) {
        const answer = await refused("a user", valid, headersOf.user);
        assert.equal(answer.code, "PermissionDenied");
      }
      await refused("an empty request", {}, headersOf[caller]);
      for (const field of method.desc.input.fields.filter(isIdentifier)) {
        const unknown = { ...valid, [field.localName]: newId() };
        const answer = await refused(`an unknown ${field.name}`, unknown, headersOf[caller]);
        if (answer.code !== "Ok") assert.equal(answer.code, "NotFound");
      }
      // A request without fields cannot be malformed.
      if (method.desc.input.fields.length === 0) return;
      const broken = Object.fromEntries(method.desc.input.fields.map(invalidValue));
      const answer = await refused("invalid fields", { ...valid, ...broken }, headersOf[caller]);
      assert.notEqual(answer.code, "Ok");
      assert.notDeepEqual(answer.details, []);
    });

    it(`is PERMISSION_DENIED at the gateway for a service: ${name}`, async () => {
      const request = await validOf(method).request(world);
      const answers = await Promise.all(
        routes.throughGateway.map((route) => route.send(method, request, headersOf.service)),
      );
      for (const [index, answer] of answers.entries()) {
        const route = routeName(index);
        assert.equal(answer.code, "PermissionDenied", route);
        const details = [{ reason: "REASON_PERMISSION_DENIED" }, "google.rpc.ErrorInfo"];
        assert.deepEqual(answer.details, details, route);
      }
    });
  }

  for (const [name, change, reason] of REFUSED) {
    it(`gets the same metadata in a refusal: ${name}, ${reason}`, async () => {
      const method = methodNamed(name);
      const { caller, request } = validOf(method);
      const call = { ...(await request(world)), ...(await change(world)) };
      const { details } = await sendOnAll(method, call, headersOf[caller]);
      assert.equal((details[0] as JsonObject | undefined)?.reason, `REASON_${reason}`);
    });
  }

  for (const method of INTERNAL) {
    it(`is UNIMPLEMENTED at the gateway: ${method.name}`, async () => {
      const request = await validOf(method).request(world);
      for (const headers of Object.values(headersOf)) {
        for (const route of routes.throughGateway) {
          const answer = await route.send(method, request, headers);
          assert.deepEqual([answer.code, answer.details], ["Unimplemented", []], route.name);
        }
        const type = { "content-type": "application/json" };
        const post = { method: "POST", body: "{}", headers: { ...headers, ...type } };
        assert.equal((await fetch(`${shop.gatewayUrl}${method.path}`, post)).status, 404);
      }
    });
  }
});

function placing({ userId, goods }: World, { addCents = 0n, quantity = 1n }) {
  const priced = { ...goods, unitPriceCents: goods.unitPriceCents + addCents };
  return placeRequest({ userId, lines: [[priced, quantity]] });
}

async function inTurn<T, R>(list: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of list) results.push(await work(one));
  return results;
}

/** A copy with the type of each named field in place of its value, at any depth. */
function withoutVolatile(answer: Answer, names: string[] = []): Answer {
  const mask = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(mask);
    if (value === null || typeof value !== "object") return value;
    const fields = Object.entries(value).map(([name, inside]) => {
      return [name, names.includes(name) ? typeof inside : mask(inside)];
    });
    return Object.fromEntries(fields);
  };
  const { response } = answer;
  return { ...answer, response: response && (mask(response) as JsonObject) };
}

/** Whether the field identifies a stored record; a request_id identifies the request. */
function isIdentifier(field: DescField): boolean {
  return (
    field.fieldKind === "scalar" && field.scalar === ScalarType.INT64 && field.name.endsWith("_id")
  );
}

/** A value that is invalid for the field but that every protocol can carry. */
function invalidValue(field: DescField): [string, unknown] {
  const { localName } = field;
  if (field.fieldKind === "list") {
    return [localName, field.listKind === "scalar" ? [-1n, -1n] : [{}, {}]];
  }
  if (field.fieldKind === "enum") return [localName, 99];
  if (field.fieldKind === "message") return [localName, undefined];
  if (field.fieldKind !== "scalar") return [localName, undefined];
  const values: Partial<Record<ScalarType, unknown>> = {
    [ScalarType.INT64]: -1n,
    [ScalarType.INT32]: -1,
    [ScalarType.STRING]: "\u0000",
    [ScalarType.BOOL]: true,
  };
  return [localName, values[field.scalar]];
}

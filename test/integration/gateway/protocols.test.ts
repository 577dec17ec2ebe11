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
import { type Answer, type Way, type Ways, waysTo } from "./ways.ts";

const PUBLIC = METHODS.filter(({ access }) => access !== Access.SERVICE);
const INTERNAL = METHODS.filter(({ access }) => access === Access.SERVICE);

/** Where the same request cannot be made twice: each way gets its own. */
const ONCE = ["user Register", "user RefreshSession"];

/** What is new in each answer: its form is compared, and not what it says. */
const NEW: Record<string, string[]> = {
  "user Register": ["userId", "userName", "registerTime"],
  "user Login": ["accessToken", "refreshToken", "expireTime", "refreshExpireTime"],
  "user RefreshSession": ["accessToken", "refreshToken", "expireTime", "refreshExpireTime"],
};

/** Refusals with facts in them: what is changed in a valid request, and the reason that is told. */
type Change = (world: World) => object | Promise<object>;
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

/** Never the answer to a request, however bad. */
const BUGS = ["Internal", "Unknown", "Unavailable", "DeadlineExceeded", "DataLoss"];

describe("the same request in every protocol", function () {
  this.timeout(startMs);
  let shop: Shop;
  let world: World;
  let ways: Ways;
  let every: Way[];
  let headersOf: Record<CallerKind, Record<string, string>>;

  before(async () => {
    shop = await sharedShop();
    world = await newWorld(shop);
    ways = waysTo(shop);
    every = [ways.direct, ...ways.throughGateway];
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    headersOf = {
      anonymous: {},
      user: bearer(await token("user", String(world.userId))),
      admin: bearer(await token("admin", "tester")),
      service: bearer(await token("service", "order")),
    };
  });
  after(() => ways?.close());

  const wayName = (index: number) => ways.throughGateway[index]?.name ?? "";
  /** Sends it all ways, first to the service itself, and returns the one answer. */
  const agreed = async (method: Method, request: object, headers: Record<string, string>) => {
    const first = await ways.direct.send(method, request, headers);
    const others = await Promise.all(
      ways.throughGateway.map((way) => way.send(method, request, headers)),
    );
    for (const [index, answer] of others.entries()) {
      assert.deepEqual(answer, first, wayName(index));
    }
    return first;
  };

  it("is tried for every rpc that a proto file has", () => {
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

    it(`has the same answer: ${name}`, async () => {
      const { caller, request } = validOf(method);
      const shared = await request(world);
      await quiet(shop);
      const answers = await inTurn(every, async (way) => {
        const own = ONCE.includes(name) ? await request(world) : shared;
        return way.send(method, own, headersOf[caller]);
      });
      const [first, ...others] = answers.map((answer) => withoutNew(answer, NEW[name]));
      assert.equal(first?.code, "Ok", first?.message ?? "");
      for (const [index, answer] of others.entries()) {
        assert.deepEqual(answer, first, wayName(index));
      }
    });

    it(`has the same refusal: ${name}`, async () => {
      const { caller, request } = validOf(method);
      const valid = await request(world);
      const refused = async (what: string, call: object, headers: Record<string, string>) => {
        const answer = await agreed(method, call, headers);
        assert.ok(!BUGS.includes(answer.code), `${what}: ${answer.code} ${answer.message}`);
        return answer;
      };
      const bad = { authorization: "Bearer null" };
      assert.equal((await refused("a bad token", valid, bad)).code, "Unauthenticated");
      if (method.access !== Access.PUBLIC) {
        assert.equal((await refused("no token", valid, {})).code, "Unauthenticated");
      }
      if (method.access === Access.ADMIN) {
        const answer = await refused("a user", valid, headersOf.user);
        assert.equal(answer.code, "PermissionDenied");
      }
      await refused("nothing", {}, headersOf[caller]);
      for (const field of method.desc.input.fields.filter(isIdentifier)) {
        const unknown = { ...valid, [field.localName]: newId() };
        const answer = await refused(`an unknown ${field.name}`, unknown, headersOf[caller]);
        if (answer.code !== "Ok") assert.equal(answer.code, "NotFound");
      }
      const broken = Object.fromEntries(method.desc.input.fields.map(brokenValue));
      const answer = await refused("nonsense", { ...valid, ...broken }, headersOf[caller]);
      assert.notEqual(answer.code, "Ok");
      assert.notDeepEqual(answer.details, []);
    });

    it(`is refused to a service, which has no business at the gateway: ${name}`, async () => {
      const request = await validOf(method).request(world);
      const answers = await Promise.all(
        ways.throughGateway.map((way) => way.send(method, request, headersOf.service)),
      );
      for (const [index, answer] of answers.entries()) {
        const way = wayName(index);
        assert.equal(answer.code, "PermissionDenied", way);
        assert.deepEqual(answer.details, [{ reason: "REASON_PERMISSION_DENIED" }], way);
      }
    });
  }

  for (const [name, change, reason] of REFUSED) {
    it(`tells the same facts of a refusal: ${name}, ${reason}`, async () => {
      const method = methodNamed(name);
      const { caller, request } = validOf(method);
      const call = { ...(await request(world)), ...(await change(world)) };
      const { details } = await agreed(method, call, headersOf[caller]);
      assert.equal((details[0] as JsonObject | undefined)?.reason, `REASON_${reason}`);
    });
  }

  for (const method of INTERNAL) {
    it(`does not exist at the gateway: ${method.name}`, async () => {
      const request = await validOf(method).request(world);
      for (const headers of Object.values(headersOf)) {
        for (const way of ways.throughGateway) {
          const answer = await way.send(method, request, headers);
          assert.deepEqual([answer.code, answer.details], ["Unimplemented", []], way.name);
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

/** With a word in place of what is new, however deep. */
function withoutNew(answer: Answer, names: string[] = []): Answer {
  const cover = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(cover);
    if (value === null || typeof value !== "object") return value;
    const fields = Object.entries(value).map(([name, inside]) => {
      return [name, names.includes(name) ? typeof inside : cover(inside)];
    });
    return Object.fromEntries(fields);
  };
  const { response } = answer;
  return { ...answer, response: response && (cover(response) as JsonObject) };
}

/** Of something that one looks for, and not of the request itself. */
function isIdentifier(field: DescField): boolean {
  return (
    field.fieldKind === "scalar" && field.scalar === ScalarType.INT64 && field.name.endsWith("_id")
  );
}

/** What the field cannot be, but every protocol can carry. */
function brokenValue(field: DescField): [string, unknown] {
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

import assert from "node:assert/strict";
import { create, type JsonObject, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { Reason, reasonName } from "#platform/values/refusal.ts";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { token } from "../../../testbed/calls/callers.ts";
import {
  type FieldPath,
  fieldsOf,
  METHODS,
  type Method,
  methodNamed,
} from "../../../testbed/calls/contract.ts";
import {
  type Answer,
  type GatewayClient,
  gatewayClient,
} from "../../../testbed/calls/gateway-call.ts";
import { frame } from "../../../testbed/calls/http2-call.ts";
import { newWorld, validOf, type World } from "../../../testbed/calls/valid-requests.ts";
import { placeRequest } from "../../../testbed/orders/fixtures.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { type JsonInput, jsonInputs } from "./json-inputs.ts";

/** Requests in flight; below the number of passwords that may queue for hashing. */
const CONCURRENCY = 12;
/** Codes that a bad request must never get. */
const NEVER = ["UNKNOWN", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED"];
/** ABORTED is right for an etag that is not the current one. */
const ABORTED_FOR: Reason[] = [Reason.ETAG_MISMATCH];
/** Stands in the JSON text where an input is inserted. */
const MARK = "the field's value";

const PUBLIC = METHODS.filter(({ access }) => access !== Access.SERVICE);

describe("JSON at the gateway, for every field of every rpc", function () {
  this.timeout(startMs);
  let shop: Shop;
  let gateway: GatewayClient;
  let world: World;
  /** A cancelled order: a stream that watches it ends at once. */
  let finishedOrderId: bigint;
  let tokens: Record<string, string | undefined>;
  before(async () => {
    shop = await sharedShop();
    gateway = gatewayClient(shop.gatewayUrl);
    world = await newWorld(shop);
    finishedOrderId = await cancelledOrder(shop, world);
    tokens = {
      user: await token("user", String(world.userId)),
      admin: await token("admin", "tester"),
    };
  });
  after(() => gateway?.close());

  const send = (method: Method, text: string): Promise<Answer> => {
    const isStream = method.desc.methodKind !== "unary";
    const body = Buffer.from(text);
    const token = tokens[validOf(method).caller];
    return gateway.call({ method, protocol: "json", body: isStream ? frame(body) : body, token });
  };
  const validJson = async (method: Method): Promise<JsonObject> => {
    const isStream = method.desc.methodKind !== "unary";
    const request = isStream ? { orderId: finishedOrderId } : await validOf(method).request(world);
    const { input } = method.desc;
    return toJson(input, create(input, request as MessageInitShape<typeof input>)) as JsonObject;
  };

  for (const method of PUBLIC) {
    it(`is read exactly or refused with one field violation: ${method.name}`, async () => {
      const valid = await validJson(method);
      const attempts = fieldsOf(method.desc.input)
        .filter(isJsonKey)
        .flatMap((at) => {
          const field = at.fields.at(-1) ?? assert.fail();
          const marked = JSON.stringify(withMark(valid, at));
          return jsonInputs(field).map((input) => ({ at, marked, input }));
        });
      const failures: string[] = [];
      await inParallel(attempts, async ({ at, marked, input }) => {
        const answer = await send(
          method,
          marked.replace(JSON.stringify(MARK), () => input.text),
        );
        const fault = faultOf(answer, input);
        if (fault) failures.push(`${at.path} ${input.text}: ${fault} (${answer.message})`);
      });
      assert.deepEqual(failures, []);
    });

    it(`is refused with a duplicate or an unknown field: ${method.name}`, async () => {
      const text = JSON.stringify(await validJson(method));
      const open = text.slice(0, -1);
      const withMember = (member: string) => `${open}${text === "{}" ? "" : ","}${member}}`;
      const [first] = Object.entries(JSON.parse(text) as JsonObject);
      const bad = [
        withMember('"x":1'),
        withMember('"__proto__":{"a":1}'),
        withMember('"constructor":1'),
      ];
      bad.push(
        withMember('"$typeName":"x"'),
        withMember('"[x.y]":1'),
        withMember(`"${"k".repeat(50_000)}":1`),
      );
      if (first) {
        const [name, value] = first;
        const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        bad.push(withMember(`"${name}":${JSON.stringify(value)}`));
        bad.push(withMember(`"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":null`));
        if (snake !== name) bad.push(withMember(`"${snake}":null`));
      }
      for (const body of bad) {
        const answer = await send(method, body);
        const fault = faultOf(answer, { text: "", malformed: true });
        assert.equal(fault, undefined, `${body.slice(0, 200)}: ${answer.message}`);
        assert.ok(answer.message.length < 500);
      }
    });
  }

  it("is refused when two members of a oneof are set", async () => {
    const method = methodNamed("coupon IssueCoupon");
    const valid = await validJson(method);
    const both = { amountOffCents: "100", basisPointsOff: 500 };
    const answer = await send(method, JSON.stringify({ ...valid, discount: both }));
    assert.equal(faultOf(answer, { text: "", malformed: true }), undefined, answer.message);
    assert.deepEqual(answer.refusal?.violations[0]?.field, "kind");
  });

  it("is refused with the name of the field that is wrong", async () => {
    const method = methodNamed("order QuoteOrder");
    const answer = await send(method, '{"lines":[{"goodsId":"1","quantity":"two"}]}');
    assert.equal(answer.code, "INVALID_ARGUMENT");
    assert.equal(answer.refusal?.violations[0]?.field, "lines[0].quantity");
    const rounded = await send(method, '{"lines":[{"goodsId":123456789012345678}]}');
    assert.match(rounded.message, /goodsId must be written in quotes/);
  });

  it("leaves no internal error in any log, and every rpc serving", async () => {
    for (const method of PUBLIC) {
      const answer = await send(method, JSON.stringify(await validJson(method)));
      assert.equal(answer.code, "OK", `${method.name}: ${answer.message}`);
    }
    for (const program of ["gateway", "goods", "coupon", "user", "order", "pay"] as const) {
      assert.doesNotMatch(shop.output(program), /answered INTERNAL|"level":"(error|fatal)"/);
    }
  });
});

async function cancelledOrder(shop: Shop, { userId, goods }: World): Promise<bigint> {
  const calls = shop.user(userId).order;
  const { order } = await calls.placeOrder(placeRequest({ userId, lines: [[goods, 1n]] }));
  await calls.cancelOrder({ orderId: order?.orderId ?? 0n });
  return order?.orderId ?? assert.fail();
}

/** Whether the field has a key of its own in JSON. The fields of a timestamp have none. */
function isJsonKey({ fields }: FieldPath): boolean {
  return !fields.slice(0, -1).some((field) => field.message?.typeName.startsWith("google."));
}

/** A copy with MARK in the field. For a field inside a list, the first entry gets it. */
function withMark(valid: JsonObject, { fields }: FieldPath): JsonObject {
  const copy = structuredClone(valid);
  let target = copy;
  for (const field of fields.slice(0, -1)) {
    const value = target[field.jsonName] ?? assert.fail(`a valid request has no ${field}`);
    target = (Array.isArray(value) ? value[0] : value) as JsonObject;
  }
  const last = fields.at(-1) ?? assert.fail();
  for (const other of last.oneof?.fields ?? []) delete target[other.jsonName];
  target[last.jsonName] = MARK;
  return copy;
}

/** What is wrong with the answer to this input; undefined if it is right. */
function faultOf({ code, message, refusal, cut }: Answer, input: JsonInput): string | undefined {
  if (cut) return "truncated";
  const isStale = code === "ABORTED" && ABORTED_FOR.includes(refusal?.reason ?? 0);
  if (code.startsWith("HTTP") || (NEVER.includes(code) && !isStale)) return code;
  if (code === "INVALID_ARGUMENT" && !refusal) return "no reason";
  // A rounded identifier would come back in the metadata of NOT_FOUND.
  const facts = Object.values(refusal?.metadata ?? {});
  if (input.text.includes("740993") && facts.some((fact) => fact.includes("740992"))) {
    return "rounded";
  }
  if (!input.malformed) return undefined;
  if (code !== "INVALID_ARGUMENT") return code;
  if (refusal?.reason !== Reason.INVALID_ARGUMENT) return reasonName(refusal?.reason ?? 0);
  if (refusal.violations.length !== 1) return "no violation";
  return message.includes("node_modules") ? "a stack" : undefined;
}

async function inParallel<T>(entries: T[], work: (entry: T) => Promise<void>): Promise<void> {
  const waiting = entries.values();
  const worker = async () => {
    for (const entry of waiting) await work(entry);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

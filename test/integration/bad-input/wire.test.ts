import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { assertLeaksNothing, bytesOf, statusNameOf } from "../../../testbed/calls/answers.ts";
import {
  type FieldPath,
  fieldsOf,
  METHODS,
  type Method,
  methodNamed,
  withField,
} from "../../../testbed/calls/contract.ts";
import { type EveryCaller, everyCaller } from "../../../testbed/calls/every-caller.ts";
import type { RawAnswer } from "../../../testbed/calls/raw-call.ts";
import { newWorld, validOf, type World } from "../../../testbed/calls/valid-requests.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

const MIB = 1024 * 1024;
/** A field number that no message of the contract uses. */
const UNKNOWN_FIELD = 12_345;
/** Methods for which an empty request is valid. */
const VALID_WHEN_EMPTY = new Set([
  "goods ListGoods",
  "coupon ListCoupons",
  "user GetUser",
  "user ListBalanceLog",
  "user ListPointLog",
  "order ListOrders",
  "pay ListProviders",
]);

describe("a request in malformed or unusual protobuf", function () {
  this.timeout(startMs);
  let shop: Shop;
  let world: World;
  let every: EveryCaller;
  before(async () => {
    shop = await sharedShop();
    world = await newWorld(shop);
    every = await everyCaller(shop, world.userId);
  });
  after(() => every?.close());

  const send = async (method: Method, bytes: Uint8Array): Promise<RawAnswer> => {
    const answer = await every.send(method, bytes, validOf(method).caller);
    assertLeaksNothing(answer);
    return answer;
  };
  const validBytes = async (method: Method) =>
    bytesOf(method, await validOf(method).request(world));
  const expectStatus = (method: Method, answer: RawAnswer, wanted: string) =>
    assert.equal(statusNameOf(method, answer), wanted, `${method.name}: ${answer.details}`);
  /** Fails if the status says that the service, and not the request, is at fault. */
  const assertNoFault = (method: Method, answer: RawAnswer, bytes: Uint8Array) => {
    const what = `${method.name} of ${Buffer.from(bytes).toString("hex")}: ${answer.details}`;
    const faults = [status.UNKNOWN, status.INTERNAL, status.UNAVAILABLE, status.DEADLINE_EXCEEDED];
    assert.ok(!faults.includes(answer.code), what);
  };

  it("is INVALID_ARGUMENT when truncated inside a field", async () => {
    for (const method of METHODS) {
      const bytes = await validBytes(method);
      // A request without fields has nothing to truncate.
      if (bytes.length === 0) continue;
      expectStatus(method, await send(method, bytes.subarray(0, -1)), "INVALID_ARGUMENT");
    }
  });

  it("gets a proper status when truncated anywhere", async () => {
    for (const method of METHODS) {
      const bytes = await validBytes(method);
      for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * part));
        assertNoFault(method, await send(method, cut), cut);
      }
    }
  });

  it("gets a proper status for random bytes", async () => {
    for (const [number, method] of METHODS.entries()) {
      const attempts = Array.from({ length: 20 }, async (_, index) => {
        const random = createHash("sha512").update(`${number} ${index}`).digest();
        const bytes = random.subarray(0, 1 + ((random[0] ?? 0) % 64));
        assertNoFault(method, await send(method, bytes), bytes);
      });
      await Promise.all(attempts);
    }
  });

  it("is INVALID_ARGUMENT with invalid UTF-8, in every string field", async () => {
    let tried = 0;
    for (const method of METHODS) {
      const request = await validOf(method).request(world);
      for (const at of fieldsOf(method.desc.input).filter(isText)) {
        for (const broken of [
          [0xff],
          [0xc3, 0x28],
          [0xed, 0xa0, 0x80],
          [0xc0, 0x80],
          [0xf4, 0x90, 0x80, 0x80],
        ]) {
          const placeholder = "X".repeat(20);
          const bytes = Buffer.from(bytesOf(method, withField(request, at, placeholder)));
          Buffer.from(broken).copy(bytes, bytes.indexOf(placeholder));
          const answer = await send(method, bytes);
          expectStatus(method, answer, "INVALID_ARGUMENT");
          tried += 1;
        }
      }
    }
    assert.ok(tried >= 100, `only ${tried} attempts`);
  });

  it("is read without its unknown fields, of any wire type", async () => {
    const extra = new BinaryWriter();
    extra.tag(UNKNOWN_FIELD, WireType.Varint).int64(-1n);
    extra.tag(UNKNOWN_FIELD, WireType.LengthDelimited).string("role: admin");
    extra.tag(UNKNOWN_FIELD, WireType.Bit64).double(1.5);
    extra.tag(UNKNOWN_FIELD, WireType.StartGroup).tag(1, WireType.Varint).int32(1);
    extra.tag(UNKNOWN_FIELD, WireType.EndGroup);
    const unknown = extra.finish();
    for (const method of METHODS) {
      const answer = await send(method, Buffer.concat([await validBytes(method), unknown]));
      expectStatus(method, answer, "OK");
    }
  });

  it("cannot set balance, points or role with extra fields of Register", async () => {
    const method = methodNamed("user Register");
    const { userName } = (await validOf(method).request(world)) as { userName: string };
    const valid = bytesOf(method, { userName, password: "long enough" });
    const extra = new BinaryWriter();
    for (const field of [4, 5, 6, 7, 8]) extra.tag(field, WireType.Varint).int64(1_000_000n);
    extra.tag(9, WireType.LengthDelimited).string("admin");
    expectStatus(method, await send(method, Buffer.concat([valid, extra.finish()])), "OK");
    const found = await shop.sql(
      "user",
      "select balance_cents, points from users where user_name = ?",
      [userName],
    );
    assert.deepEqual(found, [{ balance_cents: 0n, points: 0n }]);
  });

  it("is INVALID_ARGUMENT when nested 500,000 levels deep, and the service goes on", async () => {
    const deep = Buffer.alloc(500_000, (15 << 3) | WireType.StartGroup);
    const closed = Buffer.concat([deep, Buffer.alloc(500_000, (15 << 3) | WireType.EndGroup)]);
    for (const name of [
      "goods ListGoods",
      "user Register",
      "order PlaceOrder",
      "coupon UseCoupons",
    ]) {
      const method = methodNamed(name);
      for (const bytes of [deep, closed]) {
        const answer = await send(method, bytes);
        expectStatus(method, answer, "INVALID_ARGUMENT");
      }
      expectStatus(method, await send(method, await validBytes(method)), "OK");
    }
  });

  it("gets a proper status when a varint is too long for its field", async () => {
    const long = new BinaryWriter();
    // 2^40 + 5 in page_size of ListGoods, which is an int32.
    const bytes = long
      .tag(1, WireType.Varint)
      .int64(2n ** 40n + 5n)
      .finish();
    assertNoFault(
      methodNamed("goods ListGoods"),
      await send(methodNamed("goods ListGoods"), bytes),
      bytes,
    );
    const endless = Buffer.concat([Buffer.from([0x08]), Buffer.alloc(11, 0xff)]);
    const answer = await send(methodNamed("goods GetGoods"), endless);
    expectStatus(methodNamed("goods GetGoods"), answer, "INVALID_ARGUMENT");
  });

  it("keeps the last member of a oneof that is set twice", async () => {
    const method = methodNamed("coupon IssueCoupon");
    const bytes = await validBytes(method);
    const both = new BinaryWriter();
    both.tag(3, WireType.LengthDelimited).bytes(Buffer.from([0x10, 0x64]));
    expectStatus(method, await send(method, Buffer.concat([bytes, both.finish()])), "OK");
  });

  it("is INVALID_ARGUMENT when empty, except where every field is optional", async () => {
    for (const method of METHODS) {
      const wanted = VALID_WHEN_EMPTY.has(method.name) ? "OK" : "INVALID_ARGUMENT";
      const answer = await send(method, new Uint8Array());
      expectStatus(method, answer, wanted);
    }
  });

  it("is RESOURCE_EXHAUSTED above the size limit, and read at the limit", async () => {
    for (const method of METHODS) {
      const limit = method.access === Access.PUBLIC ? MIB : 4 * MIB;
      const bytes = await validBytes(method);
      const padded = (total: number) => {
        const extra = new BinaryWriter();
        const room = total - bytes.length;
        // The tag takes 3 bytes, the length 3 or 4.
        extra.tag(UNKNOWN_FIELD, WireType.LengthDelimited).bytes(Buffer.alloc(room - 7));
        return Buffer.concat([bytes, extra.finish()]);
      };
      expectStatus(method, await send(method, padded(limit + 8)), "RESOURCE_EXHAUSTED");
      if (method.access === Access.PUBLIC) {
        expectStatus(method, await send(method, padded(limit)), "OK");
      }
    }
  });

  it("leaves every service serving, without an internal error in its log", async () => {
    for (const method of METHODS) {
      expectStatus(method, await send(method, await validBytes(method)), "OK");
      assert.doesNotMatch(shop.output(method.service), /answered INTERNAL/);
    }
  });
});

function isText({ fields }: FieldPath): boolean {
  const field = fields.at(-1);
  return field?.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
}

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { status } from "@grpc/grpc-js";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { assertTellsNothing, bytesOf, statusNameOf } from "../../../testbed/calls/answers.ts";
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
/** No message of the contract has a field of this number. */
const UNKNOWN_FIELD = 12_345;
/** Where nothing at all is a whole request. */
const EMPTY_IS_FINE = new Set([
  "goods ListGoods",
  "coupon ListCoupons",
  "user GetUser",
  "user ListBalanceLog",
  "user ListPointLog",
  "order ListOrders",
]);

describe("bytes that no client sends", function () {
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
    assertTellsNothing(answer);
    return answer;
  };
  const validBytes = async (method: Method) =>
    bytesOf(method, await validOf(method).request(world));
  const expectStatus = (method: Method, answer: RawAnswer, wanted: string) =>
    assert.equal(statusNameOf(method, answer), wanted, `${method.name}: ${answer.details}`);
  const neverABug = (method: Method, answer: RawAnswer, bytes: Uint8Array) => {
    const what = `${method.name} of ${Buffer.from(bytes).toString("hex")}: ${answer.details}`;
    const bugs = [status.UNKNOWN, status.INTERNAL, status.UNAVAILABLE, status.DEADLINE_EXCEEDED];
    assert.ok(!bugs.includes(answer.code), what);
  };

  it("a request that was cut off inside a field is malformed", async () => {
    for (const method of METHODS) {
      const bytes = await validBytes(method);
      expectStatus(method, await send(method, bytes.subarray(0, -1)), "INVALID_ARGUMENT");
    }
  });

  it("a request that was cut off anywhere is answered", async () => {
    for (const method of METHODS) {
      const bytes = await validBytes(method);
      for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * part));
        neverABug(method, await send(method, cut), cut);
      }
    }
  });

  it("random bytes are answered", async () => {
    for (const [number, method] of METHODS.entries()) {
      const tries = Array.from({ length: 20 }, async (_, index) => {
        const random = createHash("sha512").update(`${number} ${index}`).digest();
        const bytes = random.subarray(0, 1 + ((random[0] ?? 0) % 64));
        neverABug(method, await send(method, bytes), bytes);
      });
      await Promise.all(tries);
    }
  });

  it("text that is not UTF-8 is malformed, in every field of text", async () => {
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
          const mark = "X".repeat(20);
          const bytes = Buffer.from(bytesOf(method, withField(request, at, mark)));
          Buffer.from(broken).copy(bytes, bytes.indexOf(mark));
          const answer = await send(method, bytes);
          expectStatus(method, answer, "INVALID_ARGUMENT");
          tried += 1;
        }
      }
    }
    assert.ok(tried >= 100, `only ${tried} were tried`);
  });

  it("fields that are not known are passed over, of any type and however deep", async () => {
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

  it("nobody registers with a balance, points or a role", async () => {
    const method = methodNamed("user Register");
    const { userName } = (await validOf(method).request(world)) as { userName: string };
    const wish = bytesOf(method, { userName, password: "long enough" });
    const extra = new BinaryWriter();
    for (const field of [4, 5, 6, 7, 8]) extra.tag(field, WireType.Varint).int64(1_000_000n);
    extra.tag(9, WireType.LengthDelimited).string("admin");
    expectStatus(method, await send(method, Buffer.concat([wish, extra.finish()])), "OK");
    const found = await shop.sql(
      "user",
      "select balance_cents, points from users where user_name = ?",
      [userName],
    );
    assert.deepEqual(found, [{ balance_cents: 0n, points: 0n }]);
  });

  it("nesting without end is malformed, and costs nothing", async () => {
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

  it("a number that is longer than its field is cut to it, and answered", async () => {
    const long = new BinaryWriter();
    // page_size of ListGoods, an int32: 2^40 + 5.
    const bytes = long
      .tag(1, WireType.Varint)
      .int64(2n ** 40n + 5n)
      .finish();
    neverABug(
      methodNamed("goods ListGoods"),
      await send(methodNamed("goods ListGoods"), bytes),
      bytes,
    );
    const endless = Buffer.concat([Buffer.from([0x08]), Buffer.alloc(11, 0xff)]);
    const answer = await send(methodNamed("goods GetGoods"), endless);
    expectStatus(methodNamed("goods GetGoods"), answer, "INVALID_ARGUMENT");
  });

  it("of a discount with both kinds the last one counts", async () => {
    const method = methodNamed("coupon IssueCoupon");
    const bytes = await validBytes(method);
    const both = new BinaryWriter();
    both.tag(3, WireType.LengthDelimited).bytes(Buffer.from([0x10, 0x64]));
    expectStatus(method, await send(method, Buffer.concat([bytes, both.finish()])), "OK");
  });

  it("an empty request is answered by what it lacks", async () => {
    for (const method of METHODS) {
      const wanted = EMPTY_IS_FINE.has(method.name) ? "OK" : "INVALID_ARGUMENT";
      const answer = await send(method, new Uint8Array());
      expectStatus(method, answer, wanted);
    }
  });

  it("more than a request may have is RESOURCE_EXHAUSTED, and less is read", async () => {
    for (const method of METHODS) {
      const limit = method.access === Access.PUBLIC ? MIB : 4 * MIB;
      const bytes = await validBytes(method);
      const padded = (total: number) => {
        const extra = new BinaryWriter();
        const room = total - bytes.length;
        // Its tag takes 3 bytes and its length 3 or 4.
        extra.tag(UNKNOWN_FIELD, WireType.LengthDelimited).bytes(Buffer.alloc(room - 7));
        return Buffer.concat([bytes, extra.finish()]);
      };
      expectStatus(method, await send(method, padded(limit + 8)), "RESOURCE_EXHAUSTED");
      if (method.access === Access.PUBLIC) {
        expectStatus(method, await send(method, padded(limit)), "OK");
      }
    }
  });

  it("every service still answers afterwards, and has met no error of its own", async () => {
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

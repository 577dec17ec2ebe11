import assert from "node:assert/strict";
import type { DescFile } from "@bufbuild/protobuf";
import type { DescriptorProto } from "@bufbuild/protobuf/wkt";
import { assertLeaksNothing, statusNameOf } from "../../../testbed/calls/answers.ts";
import {
  type FieldPath,
  fieldsOf,
  METHODS,
  type Method,
  SERVED,
  valueAt,
  withField,
} from "../../../testbed/calls/contract.ts";
import { type EveryCaller, everyCaller } from "../../../testbed/calls/every-caller.ts";
import { newWorld, VALID, validOf, type World } from "../../../testbed/calls/valid-requests.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";
import { type Input, inputsFor } from "./inputs.ts";
import { RULES, type Rule } from "./rules.ts";

/** Requests in flight; below the number of passwords that may queue for hashing. */
const CONCURRENCY = 12;

describe("a bad value in any field of any rpc", function () {
  this.timeout(startMs);
  const visited = new Map<string, Set<string>>();
  let shop: Shop;
  let world: World;
  let every: EveryCaller;
  before(async () => {
    shop = await sharedShop();
    world = await newWorld(shop);
    every = await everyCaller(shop, world.userId);
  });
  after(() => every?.close());

  /** Sends one value in one field. Resolves to what is wrong with the answer, if anything. */
  const failureOf = async (method: Method, at: FieldPath, input: Input, rule: Rule) => {
    const { caller, request } = validOf(method);
    const answer = await every.send(
      method,
      withField(await request(world), at, input.value),
      caller,
    );
    const name = statusNameOf(method, answer);
    const expected = rule.answers(input);
    const what = `${at.path} ${input.name}: ${name} ${answer.details}, expected ${expected}`;
    try {
      assertLeaksNothing(answer);
    } catch (error) {
      return `${what}; ${(error as Error).message}`;
    }
    if (name === "INVALID_ARGUMENT" && answer.code !== 0 && !answer.refusal)
      return `${what}; no reason`;
    return expected.includes(name) ? undefined : what;
  };

  for (const method of METHODS) {
    it(`gets the status that the contract promises: ${method.name}`, async () => {
      const { caller, request } = validOf(method);
      const valid = await request(world);
      const first = await every.send(method, valid, caller);
      assert.equal(statusNameOf(method, first), "OK", first.details);
      const seen = new Set<string>();
      visited.set(method.name, seen);
      const attempts = fieldsOf(method.desc.input).flatMap((at) => {
        const rule = RULES[method.name]?.[at.path];
        assert.ok(rule, `no rule for ${at.path} of ${method.name}; add one in rules.ts`);
        seen.add(at.path);
        const inputs = inputsFor(at, valueAt(valid, at), rule.maxLength);
        return inputs.map((input) => () => failureOf(method, at, input, rule));
      });
      assert.deepEqual(await allOf(attempts), []);
      const after = await every.send(method, await request(world), caller);
      assert.equal(
        after.code,
        first.code,
        `a valid request is refused afterwards: ${after.details}`,
      );
    });
  }

  it("has a rule for every field of the contract, and for no other", () => {
    for (const method of METHODS) {
      const counted = countedFields(method.desc.input.typeName);
      assert.equal(visited.get(method.name)?.size, counted, method.name);
      assert.deepEqual(
        Object.keys(RULES[method.name] ?? {}).sort(),
        [...(visited.get(method.name) ?? [])].sort(),
      );
    }
    const names = METHODS.map(({ name }) => name).sort();
    assert.deepEqual(Object.keys(VALID).sort(), names);
    assert.deepEqual([...visited.keys()].sort(), names);
  });

  it("leaves no internal error in any log", () => {
    for (const service of Object.keys(SERVED) as (keyof typeof SERVED)[]) {
      const errors = shop
        .output(service)
        .split("\n")
        .filter((line) => line.includes("answered INTERNAL") || line.includes('"level":"fatal"'));
      assert.deepEqual(errors, []);
    }
  });
});

/** The number of fields of a request, counted in the raw descriptors of protoc. */
function countedFields(typeName: string): number {
  const message = messages().get(typeName) ?? assert.fail(`no proto file defines ${typeName}`);
  const counts = message.field.map((field) => {
    const inner = messages().get(field.typeName.slice(1));
    return inner && !inner.options?.mapEntry ? 1 + countedFields(field.typeName.slice(1)) : 1;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

const messages = (() => {
  const known = new Map<string, DescriptorProto>();
  const add = (prefix: string, message: DescriptorProto) => {
    const name = `${prefix}.${message.name}`;
    known.set(name, message);
    for (const nested of message.nestedType) add(name, nested);
  };
  const addFile = (file: DescFile) => {
    for (const message of file.proto.messageType) add(file.proto.package, message);
    for (const dependency of file.dependencies) addFile(dependency);
  };
  for (const { file } of Object.values(SERVED).flat()) addFile(file);
  return () => known;
})();

/** Runs the attempts, CONCURRENCY at a time, and collects their failures. */
async function allOf(attempts: (() => Promise<string | undefined>)[]): Promise<string[]> {
  const failures: string[] = [];
  const waiting = attempts.values();
  const work = async () => {
    for (const run of waiting) {
      const failure = await run();
      if (failure !== undefined) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return failures;
}

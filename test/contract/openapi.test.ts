import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { create, type DescMessage, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Validator } from "@seriousme/openapi-schema-validator";
import fc from "fast-check";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { ReasonSchema } from "#proto/shop/common/v1/error_pb.ts";
import { users } from "../../ops/seed-data.ts";
import { METHODS, type Method } from "../../testbed/calls/contract.ts";
import { messages } from "../../testbed/calls/messages.ts";
import { type Operation, readDocument, schemaValidator } from "../../testbed/calls/openapi.ts";

const ROLES: Partial<Record<Access, string[]>> = {
  [Access.PUBLIC]: [],
  [Access.USER]: ["bearer user", "cookie user"],
  [Access.ADMIN]: ["bearer admin"],
};

const open = METHODS.filter(({ access }) => access !== Access.SERVICE);

describe("the OpenAPI document", () => {
  const document = readDocument();
  const { paths, components } = document;
  const judge = schemaValidator(components.schemas);
  const operationOf = ({ path }: Pick<Method, "path">): Operation => {
    return paths[path]?.post ?? assert.fail(`${path} is not described`);
  };
  const contentOf = (method: Method) => {
    const type =
      method.desc.methodKind === "unary" ? "application/json" : "application/connect+json";
    const { content } = operationOf(method).requestBody;
    assert.deepEqual(Object.keys(content), [type]);
    return content[type] ?? assert.fail();
  };

  it("is valid OpenAPI 3.1 and has the version of the package", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert.ok(valid, JSON.stringify(errors));
    assert.match(document.openapi, /^3\.1\./);
    const project = JSON.parse(
      readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
    );
    assert.equal(document.info.version, project.version);
  });

  it("describes every method that clients may call, and no other", () => {
    assert.deepEqual(Object.keys(paths).sort(), open.map(({ path }) => path).sort());
    for (const path of Object.values(paths)) assert.deepEqual(Object.keys(path), ["post"]);
    const services = new Set(open.map(({ desc }) => desc.parent.typeName));
    assert.deepEqual(document.tags.map(({ name }) => name).sort(), [...services].sort());
  });

  it("describes the messages of these methods, and none that only services exchange", () => {
    const reachable = new Set(["shop.common.v1.ErrorInfo"]);
    for (const { desc } of open) {
      for (const message of [desc.input, desc.output]) collect(message, reachable);
    }
    const own = Object.keys(components.schemas).filter((name) => !name.startsWith("connect."));
    assert.deepEqual(own.sort(), [...reachable].sort());
  });

  it("declares the roles that may call each method", () => {
    for (const method of open) {
      const named = operationOf(method).security.flatMap((one) =>
        Object.entries(one).map(([scheme, roles]) => `${scheme} ${roles.join(" ")}`),
      );
      assert.deepEqual(named, ROLES[method.access], method.path);
    }
  });

  it("lists the reasons of each method, with the general ones", () => {
    const reasons = (service: string, name: string) => {
      const { description } = operationOf({ path: `/shop.${service}Service/${name}` });
      const [, list = ""] = /\*\*Reasons:\*\* (.*)\.$/m.exec(description) ?? [];
      return list.replaceAll("`", "").split(", ");
    };
    const general = [
      "REASON_INVALID_ARGUMENT",
      "REASON_UNAUTHENTICATED",
      "REASON_PERMISSION_DENIED",
      "REASON_RATE_LIMITED",
      "REASON_TOKEN_EXPIRED",
    ];
    assert.deepEqual(reasons("goods.v1.Goods", "ListGoods"), general);
    const adjusting = ["REQUEST_ID_REUSED", "GOODS_NOT_FOUND", "STOCK_NOT_ENOUGH"];
    assert.deepEqual(reasons("goods.v1.Goods", "AdjustStock"), [
      ...adjusting.map((name) => `REASON_${name}`),
      ...general,
    ]);
    for (const { desc } of open) {
      const listed = reasons(desc.parent.typeName.replace(/^shop\.|Service$/g, ""), desc.name);
      assert.deepEqual(listed.slice(-general.length), general);
      for (const name of listed) assert.ok(ReasonSchema.values.some((one) => one.name === name));
    }
  });

  it("says where the ids of its examples come from", () => {
    for (const method of open.filter(({ desc }) => desc.methodKind === "unary")) {
      const { description = "" } = operationOf(method).requestBody;
      const ids = Object.entries(contentOf(method).example ?? {});
      for (const [name, value] of ids.filter(([name]) => name.endsWith("Id"))) {
        const isPlaceholder = value !== "0" && name !== "requestId";
        assert.equal(description.includes(`\`${name}\``), isPlaceholder, `${method.path} ${name}`);
      }
    }
  });

  it("has an example with which a user of the seed can log in", () => {
    const { content } = operationOf({ path: "/shop.user.v1.UserService/Login" }).requestBody;
    const seeded = users.map(({ userName, password }) => JSON.stringify({ userName, password }));
    const example = content["application/json"]?.example as Record<string, unknown> | undefined;
    const { userName, password } = example ?? {};
    assert.ok(seeded.includes(JSON.stringify({ userName, password })));
  });

  for (const method of open) {
    const { input, output } = method.desc;
    const failureOf = (message: DescMessage, json: unknown) => judge(message.typeName, json);

    it(`accepts any request and response of ${method.name}, and no unknown field`, () => {
      assert.equal(contentOf(method).schema.$ref, `#/components/schemas/${input.typeName}`);
      const answer = JSON.stringify(operationOf(method).responses[200]);
      assert.ok(answer.includes(`"#/components/schemas/${output.typeName}"`));
      for (const message of [input, output]) {
        const property = fc.property(messages(message), (init) => {
          const json = toJson(message, create(message, init));
          assert.equal(failureOf(message, json), undefined, JSON.stringify(json));
        });
        fc.assert(property, { numRuns: 20 });
        assert.notEqual(failureOf(message, { nothing: 1 }), undefined);
      }
    });

    it(`has a valid example of ${method.name}`, () => {
      const { example } = contentOf(method);
      if (method.desc.methodKind !== "unary") return assert.equal(example, undefined);
      assert.equal(failureOf(input, example), undefined);
      assert.doesNotThrow(() => fromJson(input, example as JsonValue));
    });
  }

  it("is right about the request forms that its schemas do not express", () => {
    const { input } =
      METHODS.find(({ name }) => name === "order ListOrders")?.desc ?? assert.fail();
    const readable = (json: JsonValue) => {
      try {
        fromJson(input, json);
        return true;
      } catch {
        return false;
      }
    };
    assert.ok(readable({ userId: "9223372036854775807" }));
    assert.ok(readable({ userId: Number.MAX_SAFE_INTEGER }));
    assert.ok(readable({ orderStatus: 2 }));
    assert.ok(readable({ user_id: "1", page_token: "" }));
    assert.ok(!readable({ nothing: 1 }));
  });
});

/** Adds the names of the message and of all types in it, except well-known types. */
function collect(message: DescMessage, found: Set<string>): void {
  const { typeName } = message;
  if (found.has(typeName) && typeName !== "shop.common.v1.ErrorInfo") return;
  if (typeName.startsWith("google.protobuf.")) return;
  found.add(typeName);
  for (const field of message.fields) {
    if (field.enum) found.add(field.enum.typeName);
    if (field.message) collect(field.message, found);
  }
}

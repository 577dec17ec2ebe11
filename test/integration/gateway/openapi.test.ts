import assert from "node:assert/strict";
import { create, fromJson, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { parse } from "yaml";
import { Access } from "#proto/shop/common/v1/access_pb.ts";
import { METHODS } from "../../../testbed/calls/contract.ts";
import { readDocument, schemaValidator } from "../../../testbed/calls/openapi.ts";
import { newWorld, validOf, type World } from "../../../testbed/calls/valid-requests.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

/** Values that no field of a request accepts. */
const NEVER: JsonValue[] = ["no such value", "1.5", { nothing: 1 }, [["1"]], true];

describe("the OpenAPI schemas of requests", function () {
  this.timeout(startMs);
  const judge = schemaValidator(readDocument().components.schemas);
  let world: World;
  before(async () => {
    world = await newWorld(await sharedShop());
  });

  for (const method of METHODS.filter(({ access }) => access !== Access.SERVICE)) {
    const { input } = method.desc;

    it(`accept a valid request and refuse what the gateway cannot read: ${method.name}`, async () => {
      const valid = await validOf(method).request(world);
      const json = toJson(input, create(input, valid), { alwaysEmitImplicit: true }) as JsonObject;
      assert.equal(judge(input.typeName, json), undefined);
      const broken = mutationsOf(json).filter((request) => !readable(input, request));
      assert.ok(broken.length > 0);
      for (const request of broken) {
        assert.notEqual(judge(input.typeName, request), undefined, JSON.stringify(request));
      }
    });
  }
});

describe("the OpenAPI document at the gateway", function () {
  this.timeout(startMs);
  const document = readDocument();
  let shop: Shop;
  before(async () => {
    shop = await sharedShop();
  });

  it("is served, with a page to try it under its own content security policy", async () => {
    const description = await fetch(`${shop.gatewayUrl}/openapi.yaml`);
    assert.equal(description.headers.get("content-type"), "application/yaml");
    assert.deepEqual(parse(await description.text()), document);
    const page = await fetch(`${shop.gatewayUrl}/docs`);
    assert.equal(page.status, 200);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /script-src 'self';/);
    const bundle = `${shop.gatewayUrl}/docs/swagger-ui-bundle.js`;
    const first = await fetch(bundle);
    await first.body?.cancel();
    const again = await fetch(bundle, {
      headers: { "if-none-match": first.headers.get("etag") ?? "" },
    });
    assert.equal(again.status, 304);
  });

  it("describes the HTTP status, code and details of a refusal as the gateway sends them", async () => {
    const judge = schemaValidator(document.components.schemas);
    for (const [path, { post }] of Object.entries(document.paths)) {
      if (!("application/json" in post.requestBody.content)) continue;
      const body = JSON.stringify({ noSuchField: 1 });
      const headers = { "content-type": "application/json" };
      const answer = await fetch(shop.gatewayUrl + path, { method: "POST", headers, body });
      const error = (await answer.json()) as { code: string };
      assert.equal(judge("connect.Error", error), undefined, JSON.stringify(error));
      const mapped = `| ${answer.status} | \`${error.code}\` |`;
      const { description } = document.components.responses["connect.Error"] ?? assert.fail();
      assert.ok(description.includes(mapped), mapped);
      assert.equal(error.code, post.security.length ? "unauthenticated" : "invalid_argument", path);
    }
  });
});

function readable(input: Parameters<typeof fromJson>[0], json: JsonValue): boolean {
  try {
    fromJson(input, json);
    return true;
  } catch {
    return false;
  }
}

/** Copies of the request with one value of another type, or one unknown field, at any depth. */
function mutationsOf(json: JsonValue): JsonValue[] {
  if (Array.isArray(json)) {
    return json.flatMap((one, index) => mutationsOf(one).map((other) => json.with(index, other)));
  }
  if (json === null || typeof json !== "object") return NEVER;
  const changed = Object.entries(json).flatMap(([name, value]) =>
    [...NEVER, ...mutationsOf(value)].map((other) => ({ ...json, [name]: other })),
  );
  return [...changed, { ...json, noSuchField: 1 }];
}

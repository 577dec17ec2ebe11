import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { status } from "@grpc/grpc-js";
import { assertLeaksNothing, statusNameOf } from "../../../testbed/calls/answers.ts";
import { BAD_TOKENS } from "../../../testbed/calls/bad-tokens.ts";
import { METHODS, methodNamed } from "../../../testbed/calls/contract.ts";
import { type EveryCaller, everyCaller } from "../../../testbed/calls/every-caller.ts";
import type { RawOptions } from "../../../testbed/calls/raw-call.ts";
import {
  type CallerKind,
  newWorld,
  validOf,
  type World,
} from "../../../testbed/calls/valid-requests.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";

const CALLERS: CallerKind[] = ["anonymous", "user", "admin", "service"];
/** The callers that each access option of the contract admits. */
const ADMITTED: Record<string, CallerKind[]> = {
  ACCESS_PUBLIC: CALLERS,
  ACCESS_USER: ["user", "admin", "service"],
  ACCESS_ADMIN: ["admin"],
  ACCESS_SERVICE: ["service"],
};

/**
 * The access option of each rpc, read from the text of the proto files: a second source beside the
 * compiled option that the server reads.
 */
const ACCESS_OF = new Map(protoTexts().flatMap(accessOptions));

describe("access to the services", function () {
  this.timeout(startMs);
  let world: World;
  let every: EveryCaller;
  before(async () => {
    const shop = await sharedShop();
    world = await newWorld(shop);
    every = await everyCaller(shop, world.userId);
  });
  after(() => every?.close());

  it("is declared in the contract for every rpc", () => {
    const paths = new Set(METHODS.map(({ path }) => path));
    assert.deepEqual([...ACCESS_OF.keys()].sort(), [...paths].sort());
    for (const [path, option] of ACCESS_OF) assert.ok(ADMITTED[option], `${path}: ${option}`);
  });

  for (const method of METHODS) {
    const option = ACCESS_OF.get(method.path) ?? "";
    it(`is limited to ${option}: ${method.name}`, async () => {
      for (const caller of CALLERS) {
        const answer = await every.send(method, await validOf(method).request(world), caller);
        const name = statusNameOf(method, answer);
        const what = `${caller}: ${answer.details}`;
        if (ADMITTED[option]?.includes(caller)) {
          assert.equal(name, "OK", what);
        } else {
          const refusal = caller === "anonymous" ? "UNAUTHENTICATED" : "PERMISSION_DENIED";
          assert.equal(name, refusal, what);
          assertLeaksNothing(answer);
        }
      }
    });

    it(`is checked before the request is parsed: ${method.name}`, async () => {
      if (option === "ACCESS_PUBLIC") return;
      const answer = await every.send(method, Buffer.from([0xff]), "anonymous");
      assert.equal(status[answer.code], "UNAUTHENTICATED");
    });
  }

  describe("with an invalid token", () => {
    const methods = ["goods GetGoods", "user GetUser", "goods CreateGoods", "goods ReserveStock"];
    for (const [what, make] of Object.entries(BAD_TOKENS)) {
      it(`is UNAUTHENTICATED: ${what}`, async () => {
        const headers: RawOptions["headers"] = (await make(world.userId)).map((value) => {
          return ["authorization", value];
        });
        for (const name of methods) {
          const method = methodNamed(name);
          const answer = await every.send(method, await validOf(method).request(world), {
            headers,
          });
          assert.equal(status[answer.code], "UNAUTHENTICATED", `${name}: ${answer.details}`);
          // The message does not reveal which check failed, unless the token was genuine.
          const genuine = what === "expired a minute ago";
          assert.equal(answer.details, genuine ? "TOKEN_EXPIRED" : "UNAUTHENTICATED");
        }
      });
    }
  });
});

function protoTexts(): { service: string; text: string }[] {
  const root = new URL("../../../proto/shop/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".proto"))
    .map((file) => readFileSync(new URL(file, root), "utf8"))
    .flatMap((text) => {
      const [, name] = /^service (\w+) \{/m.exec(text) ?? [];
      const [, domain] = /^package ([\w.]+);/m.exec(text) ?? [];
      return name ? [{ service: `${domain}.${name}`, text }] : [];
    });
}

function accessOptions({ service, text }: { service: string; text: string }): [string, string][] {
  return text
    .split(/^ {2}rpc /m)
    .slice(1)
    .map((rpc) => {
      const [, method] = /^(\w+)\(/.exec(rpc) ?? [];
      const [, option = "none"] = /option \(shop\.common\.v1\.access\) = (\w+);/.exec(rpc) ?? [];
      return [`/${service}/${method}`, option];
    });
}

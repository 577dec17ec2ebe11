import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { messages } from "../../testbed/calls/messages.ts";
import { schemaValidator } from "../../testbed/calls/openapi.ts";
import { Schemas } from "./schemas.ts";

const FIXTURE = fileURLToPath(new URL("../../test/fixtures/openapi", import.meta.url));

describe("the schema of a message", () => {
  let kinds: DescMessage;
  let components: Record<string, { properties?: Record<string, object> }>;
  let judge: ReturnType<typeof schemaValidator>;
  before(() => {
    const build = ["build", FIXTURE, "--as-file-descriptor-set", "--output", "-"];
    const files = fromBinary(FileDescriptorSetSchema, execFileSync("buf", build));
    kinds = createFileRegistry(files).getMessage("kinds.v1.Kinds") ?? assert.fail();
    const schemas = new Schemas();
    schemas.refer(kinds);
    components = schemas.components() as typeof components;
    judge = schemaValidator(components);
  });
  const refused = (json: unknown) => judge("kinds.v1.Kinds", json) !== undefined;

  it("accepts the JSON of any message, with every kind of field", () => {
    fc.assert(
      fc.property(messages(kinds), (init) => {
        const json = toJson(kinds, create(kinds, init));
        assert.equal(judge("kinds.v1.Kinds", json), undefined, JSON.stringify(json));
      }),
      { numRuns: 300 },
    );
  });

  it("has the JSON names of fields", () => {
    assert.equal(judge("kinds.v1.Kinds", { int32Value: 1, called: "x" }), undefined);
    assert.ok(refused({ int32_value: 1 }));
    assert.ok(refused({ ownName: "x" }));
    assert.ok(refused({ nothing: 1 }));
  });

  it("refuses values that a field cannot have", () => {
    const wrong = {
      doubleValue: ["1", "Inf"],
      int32Value: [2 ** 31, -(2 ** 31) - 1, 1.5, "1"],
      uint32Value: [-1, 2 ** 32],
      int64Value: [1, "", "1.0", "0x10", "1e3", "12345678901234567890"],
      uint64Value: ["-1"],
      boolValue: ["true", 1],
      stringValue: [1, true],
      bytesValue: [[1]],
      colour: ["COLOUR_GREEN", 1],
      itself: [{ itself: { nothing: 1 } }, "itself", []],
      numbers: [[1], "1"],
      texts: [{ a: 1 }, []],
      byNumber: [{ a: {} }, { 1: { nothing: 1 } }],
      byFlag: [{ yes: "" }],
      time: ["yesterday", "2026-01-31", 0],
      duration: ["1", "1 s"],
      wrappedLong: [{ value: "1" }],
    };
    for (const [field, values] of Object.entries(wrong)) {
      for (const value of values) {
        assert.ok(refused({ [field]: value }), `${field}: ${JSON.stringify(value)}`);
      }
    }
  });

  it("allows one field of a oneof at a time, and says so", () => {
    for (const json of [{ text: "" }, { long: "1" }, { deeper: {} }, {}]) {
      assert.equal(judge("kinds.v1.Kinds", json), undefined);
    }
    assert.ok(refused({ text: "", long: "1" }));
    assert.ok(refused({ text: "", long: "1", deeper: {} }));
    const long = components["kinds.v1.Kinds"]?.properties?.long;
    assert.match(JSON.stringify(long), /Or this\. Not together with `text`, `deeper`\./);
  });

  it("has the comments as Markdown", () => {
    assert.deepEqual(components["kinds.v1.Colour"], {
      type: "string",
      description: "What it looks like.\n\n- `COLOUR_RED`: As \\<blood>.",
      enum: ["COLOUR_UNSPECIFIED", "COLOUR_RED", "COLOUR_BLUE"],
    });
  });
});

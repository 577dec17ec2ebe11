import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { DescMessage } from "@bufbuild/protobuf";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { parse } from "yaml";

export type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters: { $ref: string }[];
  requestBody: {
    description?: string;
    content: Record<string, { schema: { $ref: string }; example?: unknown }>;
  };
  responses: Record<string, unknown>;
};

type Document = {
  openapi: string;
  info: { title: string; version: string; description: string };
  tags: { name: string; description?: string }[];
  paths: Record<string, { post: Operation }>;
  components: {
    schemas: Record<string, object>;
    responses: Record<string, { description: string }>;
  };
};

/** Reads the committed description of the gateway's JSON interface. */
export function readDocument(): Document {
  return parse(readFileSync(new URL("../../gateway/openapi.yaml", import.meta.url), "utf8"));
}

/** A validator of JSON against the schemas of messages. */
export function schemaValidator(schemas: Record<string, object>) {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  formats.default(ajv);
  ajv.addFormat("uint64", true);
  ajv.addVocabulary(["components"]);
  ajv.addSchema({ $id: "openapi", components: { schemas } });
  const compiled = new Map<string, ValidateFunction>();
  /** Returns why the JSON violates the schema; undefined when it does not. */
  return (name: DescMessage["typeName"], json: unknown): string | undefined => {
    assert.ok(name in schemas, `${name} has no schema`);
    const validate =
      compiled.get(name) ?? ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
    compiled.set(name, validate);
    return validate(json) ? undefined : ajv.errorsText(validate.errors);
  };
}

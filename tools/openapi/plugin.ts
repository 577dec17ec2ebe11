// A protoc plugin that describes the gateway's JSON interface in OpenAPI. buf.gen.openapi.yaml runs
// it.

import { readFileSync } from "node:fs";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
  CodeGeneratorResponseSchema,
  CodeGeneratorResponse_Feature as Feature,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { runNodeJs } from "@bufbuild/protoplugin";
import { stringify } from "yaml";
import { describeServices } from "./document.ts";

const HEADER = "# generated from the proto files by tools/openapi: npm run generate\n";

const project = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as Record<"name" | "version", string>;

runNodeJs({
  name: "openapi",
  version: project.version,
  run(request) {
    const all = create(FileDescriptorSetSchema, { file: request.protoFile });
    const registry = createFileRegistry(all);
    const files = request.fileToGenerate.toSorted().map((name) => {
      const file = registry.getFile(name);
      if (!file) throw new Error(`${name} is not in the request`);
      return file;
    });
    const document = describeServices(files, project);
    // Quotes times and words like "no", so that parsers of YAML 1.1 also read them as strings.
    const text = stringify(document, {
      lineWidth: 0,
      blockQuote: "literal",
      compat: "yaml-1.1",
      aliasDuplicateObjects: false,
    });
    return create(CodeGeneratorResponseSchema, {
      supportedFeatures: BigInt(Feature.PROTO3_OPTIONAL),
      file: [{ name: "openapi.yaml", content: HEADER + text }],
    });
  },
});

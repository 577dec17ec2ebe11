import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { Access, access } from "#proto/shop/common/v1/access_pb.ts";
import { commentOf } from "./comments.ts";
import { errorComponents } from "./errors.ts";
import type { Json } from "./json.ts";
import { operationOf, PARAMETERS, SECURITY_SCHEMES } from "./operations.ts";
import { Schemas } from "./schemas.ts";
import { INTRODUCTION } from "./words.ts";

/** The OpenAPI document of all methods that the gateway serves, with the messages they use. */
export function describeServices(
  files: readonly DescFile[],
  project: { name: string; version: string },
): Json {
  const schemas = new Schemas();
  const services = files
    .flatMap((file) => file.services)
    .map((service) => ({ service, methods: service.methods.filter(isPublic) }))
    .filter(({ methods }) => methods.length > 0)
    .sort((one, other) => (one.service.typeName < other.service.typeName ? -1 : 1));
  const methods = services.flatMap((one) => one.methods);
  const paths = Object.fromEntries(
    methods.map((method) => [pathOf(method), { post: operationOf(method, schemas) }]),
  );
  const errors = errorComponents(files, schemas);
  return {
    openapi: "3.1.1",
    info: { title: project.name, version: project.version, description: INTRODUCTION },
    servers: [{ url: "/", description: "The gateway that served this description" }],
    tags: services.map(({ service }) => tagOf(service)),
    paths,
    components: {
      schemas: { ...schemas.components(), ...errors.schemas },
      responses: errors.responses,
      parameters: PARAMETERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/** False for a method of ACCESS_SERVICE, which the gateway does not serve. */
function isPublic(method: DescMethod): boolean {
  const option = getOption(method, access);
  if (option === Access.UNSPECIFIED) throw new Error(`${method} has no access option`);
  return option !== Access.SERVICE;
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function tagOf(service: DescService): Json {
  const description = commentOf(service);
  return description === "" ? { name: service.typeName } : { name: service.typeName, description };
}

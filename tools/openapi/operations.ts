import { type DescEnumValue, type DescMethod, getOption } from "@bufbuild/protobuf";
import { Access, AccessSchema, access } from "#proto/shop/common/v1/access_pb.ts";
import { commentOf, summaryOf } from "./comments.ts";
import { sampleOf } from "./samples.ts";
import type { Json, Schemas } from "./schemas.ts";
import { COOKIE, ENVELOPE, STREAM_ANSWER, TIMEOUT, WHO } from "./words.ts";

/** What a call of the method looks like over HTTP. */
export function operationOf(method: DescMethod, schemas: Schemas): Json {
  const who = WHO[accessName(method)];
  if (who === undefined) throw new Error(`${method} has an access option without a description`);
  const description = [commentOf(method), who].filter((part) => part !== "").join("\n\n");
  const streams = method.methodKind === "server_streaming";
  if (!streams && method.methodKind !== "unary") {
    throw new Error(`${method}: streams of requests are not described`);
  }
  return {
    operationId: `${method.parent.typeName}.${method.name}`,
    tags: [method.parent.typeName],
    summary: summaryOf(method),
    description,
    security: securityOf(method),
    parameters: parametersOf(method, streams),
    ...(streams ? stream(method, schemas) : unary(method, schemas)),
  };
}

function unary(method: DescMethod, schemas: Schemas): Json {
  const request = { schema: schemas.refer(method.input), example: sampleOf(method.input) };
  return {
    requestBody: { required: true, content: { "application/json": request } },
    responses: {
      200: {
        description: "The answer.",
        content: { "application/json": { schema: schemas.refer(method.output) } },
      },
      default: { $ref: "#/components/responses/connect.Error" },
    },
  };
}

function stream(method: DescMethod, schemas: Schemas): Json {
  const ends = { $ref: "#/components/schemas/connect.EndOfStream" };
  const answer = { anyOf: [schemas.refer(method.output), ends] };
  const request = { schema: schemas.refer(method.input) };
  return {
    requestBody: {
      description: `One message. ${ENVELOPE}`,
      required: true,
      content: { "application/connect+json": request },
    },
    responses: {
      200: {
        description: `${STREAM_ANSWER} ${ENVELOPE}`,
        content: { "application/connect+json": { schema: answer } },
      },
    },
  };
}

/** The name as it is in the proto file. */
function accessName(method: DescMethod): string {
  const number = getOption(method, access);
  const value = AccessSchema.values.find((one: DescEnumValue) => one.number === number);
  return value?.name ?? "";
}

function securityOf(method: DescMethod): Json[] {
  switch (getOption(method, access)) {
    case Access.PUBLIC:
      return [];
    case Access.USER:
      return [{ bearer: ["user"] }, { cookie: ["user"] }];
    default:
      return [{ bearer: ["admin"] }];
  }
}

function parametersOf(method: DescMethod, streams: boolean): Json[] {
  const names = ["Connect-Protocol-Version"];
  // A stream lives as long as its client wants.
  if (!streams) names.push("Connect-Timeout-Ms");
  if (startsSession(method)) names.push("Shop-Session");
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** Whether its answer has the tokens of a session, which a browser may get as cookies instead. */
function startsSession(method: DescMethod): boolean {
  return method.output.fields.some(({ name }) => name === "refresh_token");
}

const HEADER = { in: "header", required: false };

export const PARAMETERS: Json = {
  "Connect-Protocol-Version": {
    name: "Connect-Protocol-Version",
    ...HEADER,
    description: "The version of the Connect protocol; taken as 1 where it is missing.",
    schema: { type: "string", enum: ["1"] },
  },
  "Connect-Timeout-Ms": {
    name: "Connect-Timeout-Ms",
    ...HEADER,
    description: TIMEOUT,
    schema: { type: "integer", minimum: 1, maximum: 60_000 },
  },
  "Shop-Session": {
    name: "Shop-Session",
    ...HEADER,
    description: COOKIE,
    schema: { type: "string", enum: ["cookie"] },
  },
};

export const SECURITY_SCHEMES: Json = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The accessToken that Login returns; for an administrator, `npm run token`.",
  },
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: "shop_access",
    description:
      "For browsers; set by Login with `Shop-Session: cookie`. It counts only without a bearer " +
      "token, and for pages of the origins that the gateway allows.",
  },
};

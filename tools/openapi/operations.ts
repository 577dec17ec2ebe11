import { type DescEnumValue, type DescMethod, getOption } from "@bufbuild/protobuf";
import { Access, AccessSchema, access } from "#proto/shop/common/v1/access_pb.ts";
import { MAX_DEADLINE_MS } from "../../gateway/limits.ts";
import { ACCESS_COOKIE, COOKIES_WANTED, SESSION_HEADER } from "../../gateway/sessions.ts";
import { commentOf, reasonsOf, summaryOf } from "./comments.ts";
import type { Json } from "./json.ts";
import { placeholdersOf, sampleOf } from "./samples.ts";
import type { Schemas } from "./schemas.ts";
import {
  COOKIE,
  ENVELOPE,
  GENERAL_REASONS,
  PLACEHOLDERS,
  STREAM_RESPONSE,
  TIMEOUT,
  WHO,
} from "./words.ts";

/** The HTTP operation of a method. */
export function operationOf(method: DescMethod, schemas: Schemas): Json {
  const who = WHO[accessName(method)];
  if (who === undefined) throw new Error(`${method} has an access option without a description`);
  const parts = [commentOf(method), who, reasonsText(method)];
  const description = parts.filter((part) => part !== "").join("\n\n");
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

/** The reasons of a method: its own first, then the general ones. */
function reasonsText(method: DescMethod): string {
  const own = reasonsOf(method).filter((name) => !GENERAL_REASONS.includes(name));
  const names = [...own, ...GENERAL_REASONS].map((name) => `\`${name}\``);
  return `**Reasons:** ${names.join(", ")}.`;
}

function unary(method: DescMethod, schemas: Schemas): Json {
  const example = sampleOf(method.input);
  const request = { schema: schemas.refer(method.input), example };
  return {
    requestBody: {
      ...placeholdersText(placeholdersOf(example)),
      required: true,
      content: { "application/json": request },
    },
    responses: {
      200: {
        description: "The call succeeded.",
        content: { "application/json": { schema: schemas.refer(method.output) } },
      },
      default: { $ref: "#/components/responses/connect.Error" },
    },
  };
}

function placeholdersText(fields: readonly string[]): Json {
  if (fields.length === 0) return {};
  const names = fields.map((field) => `\`${field}\``).join(", ");
  const sources = fields.map((field) => `${PLACEHOLDERS[field]}.`).join(" ");
  return { description: `Placeholders in the example: ${names}. ${sources}` };
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
        description: `${STREAM_RESPONSE} ${ENVELOPE}`,
        content: { "application/connect+json": { schema: answer } },
      },
    },
  };
}

/** The access option's name in the proto file. */
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
  // A stream has no deadline of its own: it ends when its client leaves.
  if (!streams) names.push("Connect-Timeout-Ms");
  if (startsSession(method)) names.push(SESSION_PARAMETER);
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** Whether the response has the tokens of a session, which a browser can get as cookies instead. */
function startsSession(method: DescMethod): boolean {
  return method.output.fields.some(({ name }) => name === "refresh_token");
}

const HEADER = { in: "header", required: false };
const SESSION_PARAMETER = SESSION_HEADER.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());

export const PARAMETERS: Json = {
  "Connect-Protocol-Version": {
    name: "Connect-Protocol-Version",
    ...HEADER,
    description: "The version of the Connect protocol.",
    schema: { type: "string", enum: ["1"] },
  },
  "Connect-Timeout-Ms": {
    name: "Connect-Timeout-Ms",
    ...HEADER,
    description: TIMEOUT,
    schema: { type: "integer", minimum: 1, maximum: MAX_DEADLINE_MS },
  },
  [SESSION_PARAMETER]: {
    name: SESSION_PARAMETER,
    ...HEADER,
    description: COOKIE,
    schema: { type: "string", enum: [COOKIES_WANTED] },
  },
};

export const SECURITY_SCHEMES: Json = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "The `accessToken` that Login returns. For an administrator, `npm run token` prints one.",
  },
  cookie: {
    type: "apiKey",
    in: "cookie",
    name: ACCESS_COOKIE,
    description:
      `For browsers. Login sets it if the request has \`${SESSION_PARAMETER}: ${COOKIES_WANTED}\`. ` +
      "It counts only without a bearer token, and only for pages of the allowed origins.",
  },
};

import type { DescFile } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import type { Json } from "./json.ts";
import type { Schemas } from "./schemas.ts";
import { ERROR } from "./words.ts";

const ERROR_INFO = "shop.common.v1.ErrorInfo";

const GOOGLE_DETAILS = ["google.rpc.ErrorInfo", "google.rpc.BadRequest", "google.rpc.RetryInfo"];

const codes = Object.values(Code)
  .filter((code) => typeof code === "number")
  .map((code) => ({ name: codeToString(code), status: codeToHttpStatus(code) }));

/** The response of a failed call: the JSON of a Connect error with its details. */
export function errorComponents(files: readonly DescFile[], schemas: Schemas) {
  const info = files
    .flatMap((file) => file.messages)
    .find(({ typeName }) => typeName === ERROR_INFO);
  if (!info) throw new Error(`the proto files have no ${ERROR_INFO}`);
  const table = codes.map(({ name, status }) => `| ${status} | \`${name}\` |`);
  return {
    schemas: {
      "connect.Error": errorSchema(),
      "connect.ErrorDetail": detailSchema(schemas.refer(info)),
      "connect.EndOfStream": END_OF_STREAM,
    } satisfies Json,
    responses: {
      "connect.Error": {
        description: [ERROR, ["| HTTP | code |", "| --- | --- |", ...table].join("\n")].join(
          "\n\n",
        ),
        headers: {
          "Retry-After": {
            description: "Seconds to wait before retrying, if requests come too fast.",
            schema: { type: "integer", minimum: 1 },
          },
        },
        content: { "application/json": { schema: refer("connect.Error") } },
      },
    } satisfies Json,
  };
}

function errorSchema(): Json {
  return {
    type: "object",
    properties: {
      code: { type: "string", enum: codes.map(({ name }) => name) },
      message: { type: "string", description: "For developers, in English." },
      details: { type: "array", items: refer("connect.ErrorDetail") },
    },
    required: ["code"],
  };
}

function detailSchema(info: Json): Json {
  const debug = "The same message as JSON, for people.";
  return {
    type: "object",
    description:
      `The first detail is \`${ERROR_INFO}\`. The others have the same facts as the messages of ` +
      "[google.rpc](https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto).",
    properties: {
      type: { type: "string", description: "The type of the message in `value`." },
      value: {
        type: "string",
        contentEncoding: "base64",
        description: "The binary message in base64, without padding.",
      },
    },
    required: ["type", "value"],
    oneOf: [
      {
        type: "object",
        properties: { type: { const: ERROR_INFO }, debug: { ...info, description: debug } },
      },
      {
        type: "object",
        properties: {
          type: { enum: GOOGLE_DETAILS },
          debug: { type: "object", description: debug },
        },
      },
    ],
  };
}

const END_OF_STREAM: Json = {
  type: "object",
  description: "The last message of a stream. Its flags are 2.",
  properties: {
    error: refer("connect.Error"),
    metadata: {
      type: "object",
      additionalProperties: { type: "array", items: { type: "string" } },
    },
  },
};

function refer(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

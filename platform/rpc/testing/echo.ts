import type { Message } from "@bufbuild/protobuf";
import { create, createFileRegistry, setExtension } from "@bufbuild/protobuf";
import type { GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_descriptor,
  file_google_protobuf_timestamp,
  FieldDescriptorProto_Label as Label,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { readSettings } from "#platform/settings/settings.ts";
import { tokenSettings } from "#platform/settings/token-settings.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { Access, access, file_shop_common_v1_access } from "#proto/shop/common/v1/access_pb.ts";
import { createClient } from "../clients.ts";
import { type Handlers, implement, startRpcServer } from "../server.ts";
import { type Role, signToken } from "../tokens.ts";

// A test service with one method for each kind of access, and a stream. Its descriptor is built
// here as protoc would, so that the platform's tests do not depend on a service of the shop.

export type Echo = Message<"shop.test.v1.Echo"> & { userId: bigint; text: string };
type EchoSchema = GenMessage<Echo>;
type Unary = { methodKind: "unary"; input: EchoSchema; output: EchoSchema };
type Streaming = { methodKind: "server_streaming"; input: EchoSchema; output: EchoSchema };
type EchoMethods = {
  anyone: Unary;
  shopper: Unary;
  administrator: Unary;
  internal: Unary;
  missing: Unary;
  watch: Streaming;
};

const METHODS = [
  { name: "Anyone", access: Access.PUBLIC },
  { name: "Shopper", access: Access.USER },
  { name: "Administrator", access: Access.ADMIN },
  { name: "Internal", access: Access.SERVICE },
  { name: "Missing", access: Access.ADMIN },
  { name: "Watch", access: Access.USER, serverStreaming: true },
];

const field = (name: string, number: number, type: Type, typeName = "") => ({
  name,
  number,
  type,
  typeName,
  label: Label.OPTIONAL,
});

const file = create(FileDescriptorProtoSchema, {
  name: "shop/test/v1/echo.proto",
  package: "shop.test.v1",
  syntax: "proto3",
  dependency: ["shop/common/v1/access.proto", "google/protobuf/timestamp.proto"],
  messageType: [
    {
      name: "Echo",
      field: [
        field("user_id", 1, Type.INT64),
        field("text", 2, Type.STRING),
        field("time", 3, Type.MESSAGE, ".google.protobuf.Timestamp"),
      ],
    },
  ],
  service: [
    {
      name: "EchoService",
      method: METHODS.map(({ name, access: wanted, serverStreaming }) => {
        const options = create(MethodOptionsSchema);
        setExtension(options, access, wanted);
        const type = ".shop.test.v1.Echo";
        return { name, inputType: type, outputType: type, serverStreaming, options };
      }),
    },
  ],
});

const known = [
  file_shop_common_v1_access,
  file_google_protobuf_descriptor,
  file_google_protobuf_timestamp,
];
const registry = createFileRegistry(file, (name) =>
  known.find((candidate) => candidate.proto.name === name),
);
export const EchoService = registry.getService(
  "shop.test.v1.EchoService",
) as unknown as GenService<EchoMethods>;
export const Echo = registry.getMessage("shop.test.v1.Echo") as unknown as EchoSchema;

export const silent = createLog("test", "silent");
export const keys = readSettings({}, (read) => tokenSettings(read, false));

export function tokenOf(role: Role, subject: string): Promise<string> {
  return signToken(keys, { role, subject, ttlSeconds: 60 });
}

/** Starts a server with these handlers, and a client of it. close() ends both. */
export async function startEcho(
  handlers: Handlers<typeof EchoService>,
  options: Partial<Parameters<typeof startRpcServer>[0]> & { timeoutMs?: number } = {},
) {
  const server = await startRpcServer({
    listen: { host: "127.0.0.1", port: 0 },
    tls: undefined,
    tokens: keys,
    implementations: [implement(EchoService, handlers)],
    log: silent,
    ...options,
  });
  const client = createClient(EchoService, {
    address: server.address,
    tls: options.tls,
    timeoutMs: options.timeoutMs ?? 5_000,
  });
  const close = async () => {
    client.close();
    await server.stop();
  };
  return { server, client, close };
}

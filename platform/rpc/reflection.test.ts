import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Client, credentials } from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { startEcho } from "./testing/echo.ts";

const main = createRequire(import.meta.url).resolve("@grpc/reflection");
const folder = join(dirname(main), "../proto/grpc/reflection");

describe("reflection", () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let client: Client;

  before(async () => {
    echo = await startEcho({});
    client = new Client(echo.server.address, credentials.createInsecure());
  });
  after(async () => {
    client.close();
    await echo.close();
  });

  for (const version of ["v1", "v1alpha"]) {
    const loaded = loadSync(join(folder, version, "reflection.proto"), { longs: String });
    const service = loaded[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
    const method = service.ServerReflectionInfo;
    assert(method);

    const ask = async (request: object) => {
      const stream = client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
      );
      stream.end(request);
      for await (const answer of stream) return answer;
    };
    const filesOf = (answer: { fileDescriptorResponse: { fileDescriptorProto: Buffer[] } }) =>
      answer.fileDescriptorResponse.fileDescriptorProto.map((bytes) =>
        fromBinary(FileDescriptorProtoSchema, bytes),
      );

    it(`${version} lists every service to anyone, also while not serving`, async () => {
      const answer = await ask({ listServices: "*" });
      const names = answer.listServicesResponse.service.map(({ name }: { name: string }) => name);
      assert.deepEqual(names.sort(), ["grpc.health.v1.Health", "shop.test.v1.EchoService"]);
    });

    it(`${version} returns a service's file and its imports`, async () => {
      const files = filesOf(await ask({ fileContainingSymbol: "shop.test.v1.EchoService" }));
      const names = files.map((file) => file.name);
      assert.deepEqual(names, ["shop/test/v1/echo.proto", "google/protobuf/timestamp.proto"]);
      const methods = files[0]?.service[0]?.method.map((found) => found.name);
      assert(methods?.includes("Watch"));
    });

    it(`${version} returns every imported file by its name`, async () => {
      const imported = [
        "google/protobuf/timestamp.proto",
        "google/protobuf/descriptor.proto",
        "shop/common/v1/access.proto",
        "shop/common/v1/error.proto",
      ];
      for (const fileByFilename of imported) {
        assert.equal(filesOf(await ask({ fileByFilename }))[0]?.name, fileByFilename);
      }
    });

    it(`${version} names map entries as protoc does`, async () => {
      const symbol = "grpc.health.v1.HealthListResponse";
      const [file] = filesOf(await ask({ fileContainingSymbol: symbol }));
      const message = file?.messageType.find(({ name }) => symbol.endsWith(`.${name}`));
      assert.equal(message?.nestedType[0]?.name, "StatusesEntry");
      assert.match(message?.field[0]?.typeName ?? "", /StatusesEntry$/);
    });
  }
});

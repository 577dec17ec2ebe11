import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { create, createFileRegistry, fromBinary, isMessage } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { Client, credentials } from "@grpc/grpc-js";
import { loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { createClient } from "#platform/rpc/clients.ts";
import { Health, HealthCheckResponse_ServingStatus } from "#proto/grpc/health/v1/health_pb.ts";
import { SERVED } from "../../../testbed/calls/contract.ts";
import { eventually } from "../../../testbed/eventually.ts";
import { sharedShop, startMs } from "../../../testbed/shop/shared-shop.ts";
import type { Shop } from "../../../testbed/shop/shop.ts";

type Name = keyof typeof SERVED;
type Answer = {
  listServicesResponse?: { service: { name: string }[] };
  fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
  errorResponse?: { errorCode: number };
};

const folder = dirname(createRequire(import.meta.url).resolve("@grpc/reflection"));

describe("a client with neither proto files nor a token", function () {
  this.timeout(startMs);
  let shop: Shop;
  const clients = new Map<Name, Client>();
  before(async () => {
    shop = await sharedShop();
    for (const name of Object.keys(SERVED) as Name[]) {
      clients.set(name, new Client(shop.addresses[name], credentials.createInsecure()));
    }
  });
  after(() => {
    for (const client of clients.values()) client.close();
  });

  const reflect = async (name: Name, version: string, request: object): Promise<Answer> => {
    const path = join(folder, "../proto/grpc/reflection", version, "reflection.proto");
    const loaded = loadSync(path, { longs: String });
    const service = loaded[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
    const method = service.ServerReflectionInfo ?? assert.fail("ServerReflectionInfo is missing");
    const stream = (clients.get(name) as Client).makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    stream.end(request);
    for await (const answer of stream) return answer as Answer;
    return {};
  };
  /** Fetches the file that defines a symbol and, by name, every file that it imports. */
  const filesFor = async (name: Name, version: string, symbol: string) => {
    const known = new Map<string, FileDescriptorProto>();
    const read = ({ fileDescriptorResponse }: Answer) => {
      for (const bytes of fileDescriptorResponse?.fileDescriptorProto ?? []) {
        const file = fromBinary(FileDescriptorProtoSchema, bytes);
        known.set(file.name, file);
      }
    };
    read(await reflect(name, version, { fileContainingSymbol: symbol }));
    for (;;) {
      const wanted = [...known.values()].flatMap((file) => file.dependency);
      const missing = wanted.find((file) => !known.has(file));
      if (missing === undefined) return known;
      read(await reflect(name, version, { fileByFilename: missing }));
      assert.ok(known.has(missing), `reflection does not serve the imported file ${missing}`);
    }
  };

  for (const name of Object.keys(SERVED) as Name[]) {
    for (const version of ["v1", "v1alpha"]) {
      it(`learns what ${name} serves, by reflection ${version}`, async () => {
        const { listServicesResponse } = await reflect(name, version, { listServices: "" });
        const listed = listServicesResponse?.service.map((service) => service.name) ?? [];
        const wanted = SERVED[name].map((service): string => service.typeName);
        for (const service of wanted) assert.ok(listed.includes(service), `${listed}`);
        for (const service of SERVED[name]) {
          const files = await filesFor(name, version, service.typeName);
          const registry = createFileRegistry(
            create(FileDescriptorSetSchema, { file: inOrder(files) }),
          );
          const found = registry.getService(service.typeName) ?? assert.fail(service.typeName);
          assert.deepEqual(
            found.methods.map((method) => [
              method.name,
              method.input.typeName,
              method.input.fields.length,
            ]),
            service.methods.map((method) => [
              method.name,
              method.input.typeName,
              method.input.fields.length,
            ]),
          );
        }
      });
    }

    it(`learns whether ${name} is serving`, async () => {
      const address = shop.addresses[name];
      const health = createClient(Health, { address, tls: undefined, timeoutMs: 5_000 });
      const check = async (service: string) => (await health.check({ service })).status;
      const { SERVING } = HealthCheckResponse_ServingStatus;
      try {
        for (const service of ["", ...SERVED[name].map(({ typeName }) => typeName)]) {
          await eventually(async () => assert.equal(await check(service), SERVING));
        }
        await assert.rejects(check("shop.nothing.v1.NothingService"), /NOT_FOUND/);
      } finally {
        health.close();
      }
    });
  }

  it("can build a PlaceOrder request from its descriptor", async () => {
    const files = await filesFor("order", "v1", "shop.order.v1.OrderService");
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
    const method = registry.getService("shop.order.v1.OrderService")?.method.placeOrder;
    assert.equal(method?.input.typeName, "shop.order.v1.PlaceOrderRequest");
    const request = create(method.input, {
      requestId: "r-1",
      lines: [{ goodsId: 1n, quantity: 2n, unitPriceCents: 3n }],
    });
    assert.ok(isMessage(request, method.input));
  });
});

/** Sorts the files so that each follows those that it imports, as a registry requires. */
function inOrder(files: Map<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto) => {
    for (const name of file.dependency) {
      const needed = files.get(name);
      if (needed) add(needed);
    }
    ordered.add(file);
  };
  for (const file of files.values()) add(file);
  return [...ordered];
}

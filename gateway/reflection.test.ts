import assert from "node:assert/strict";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflection as V1,
} from "#proto/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "#proto/grpc/reflection/v1alpha/reflection_pb.ts";
import { MAX_REFLECTION_REQUESTS } from "./limits.ts";
import { isPublic, PUBLIC_SERVICES } from "./public-services.ts";
import { addReflection } from "./reflection.ts";

type Question = ServerReflectionRequest["messageRequest"];
type Answer = ServerReflectionResponse["messageResponse"];

const services = Object.values(PUBLIC_SERVICES);
const transport = createRouterTransport((router) => addReflection(router, services));
const clients = {
  v1: createClient(V1, transport),
  // Its messages differ only in the name of their package.
  v1alpha: createClient(V1Alpha as unknown as typeof V1, transport),
};

async function ask(version: keyof typeof clients, questions: Question[]): Promise<Answer[]> {
  async function* requests() {
    for (const messageRequest of questions) yield { host: "", messageRequest };
  }
  const answers: Answer[] = [];
  for await (const { messageResponse } of clients[version].serverReflectionInfo(requests())) {
    answers.push(messageResponse);
  }
  return answers;
}

async function filesWith(value: string, version: keyof typeof clients = "v1") {
  const [answer] = await ask(version, [{ case: "fileContainingSymbol", value }]);
  assert.equal(answer?.case, "fileDescriptorResponse", value);
  const bytes = answer.value.fileDescriptorProto;
  return bytes.map((file) => fromBinary(FileDescriptorProtoSchema, file));
}

describe("the gateway's reflection", () => {
  const versions = Object.keys(clients) as (keyof typeof clients)[];
  for (const version of versions) {
    it(`${version} describes every public method and its messages`, async () => {
      const [listed] = await ask(version, [{ case: "listServices", value: "*" }]);
      assert.equal(listed?.case, "listServicesResponse");
      const names = listed.value.service.map(({ name }) => name);
      assert.deepEqual(names, services.map(({ typeName }) => typeName).sort());
      for (const service of services) {
        const file = await filesWith(service.typeName, version);
        const registry = createFileRegistry(
          create(FileDescriptorSetSchema, { file: inOrder(file) }),
        );
        const found = registry.getService(service.typeName)?.methods.map(({ name }) => name);
        assert.deepEqual(
          found,
          service.methods.filter(isPublic).map(({ name }) => name),
        );
      }
    });
  }

  it("does not describe methods and messages for services only", async () => {
    const hidden = services.flatMap((service) => service.methods.filter((one) => !isPublic(one)));
    assert.ok(hidden.length >= 5);
    const files = await Promise.all(services.map(({ typeName }) => filesWith(typeName)));
    const described = new Set(files.flat().flatMap(namesIn));
    for (const { name, parent, input, output } of hidden) {
      assert.ok(!described.has(name), name);
      for (const message of [input, output]) assert.ok(!described.has(message.name), message.name);
      const symbol = `${parent.typeName}.${name}`;
      await assertNotFound({ case: "fileContainingSymbol", value: symbol });
      await assertNotFound({ case: "fileContainingSymbol", value: input.typeName });
    }
    await assertNotFound({ case: "fileContainingSymbol", value: "shop.common.v1.InboxService" });
    await assertNotFound({ case: "fileByFilename", value: "shop/common/v1/inbox.proto" });
    await assertNotFound({ case: "fileByFilename", value: "shop/event/v1/event.proto" });
  });

  it("finds error details, methods, files and options by their names", async () => {
    const names = async (question: Question) => {
      const [answer] = await ask("v1", [question]);
      assert.equal(answer?.case, "fileDescriptorResponse");
      const [first] = answer.value.fileDescriptorProto;
      return first && fromBinary(FileDescriptorProtoSchema, first).name;
    };
    const [order, errors, options] = [
      "shop/order/v1/order.proto",
      "shop/common/v1/error.proto",
      "shop/common/v1/access.proto",
    ];
    const symbols: [string, string][] = [
      ["shop.common.v1.ErrorInfo", errors],
      ["shop.common.v1.Reason", errors],
      ["shop.common.v1.access", options],
      ["shop.order.v1.OrderService.PlaceOrder", order],
    ];
    for (const [value, file] of symbols) {
      assert.equal(await names({ case: "fileContainingSymbol", value }), file);
      assert.equal(await names({ case: "fileByFilename", value: file }), file);
    }
    const extendee = "google.protobuf.MethodOptions";
    const [numbers] = await ask("v1", [{ case: "allExtensionNumbersOfType", value: extendee }]);
    assert.equal(numbers?.case, "allExtensionNumbersResponse");
    assert.deepEqual(numbers.value.extensionNumber, [50_001]);
    const asked = (number: number) =>
      ({
        case: "fileContainingExtension",
        value: { containingType: extendee, extensionNumber: number },
      }) as Question;
    assert.equal(await names(asked(50_001)), options);
    await assertNotFound(asked(50_002));
  });

  it("answers each request of a stream separately, up to its limit", async () => {
    const unknown: Question = { case: "fileContainingSymbol", value: "shop.nothing.v1.Nothing" };
    const known: Question = { case: "listServices", value: "" };
    const cases = (await ask("v1", [unknown, { case: undefined }, known])).map((one) => one.case);
    assert.deepEqual(cases, ["errorResponse", "errorResponse", "listServicesResponse"]);
    const most = Array.from({ length: MAX_REFLECTION_REQUESTS }, () => known);
    assert.equal((await ask("v1", most)).length, most.length);
    await assert.rejects(ask("v1", [...most, known]), (error) => {
      return ConnectError.from(error).code === Code.ResourceExhausted;
    });
  });
});

async function assertNotFound(question: Question): Promise<void> {
  const [answer] = await ask("v1", [question]);
  assert.equal(answer?.case, "errorResponse", JSON.stringify(question.value));
  assert.equal(answer.value.errorCode, Code.NotFound);
}

function namesIn({ messageType, service }: FileDescriptorProto): string[] {
  const methods = service.flatMap(({ method }) => method);
  return [...messageType, ...methods].map(({ name }) => name);
}

/** The files with each one after its imports, as a registry requires. */
function inOrder(files: FileDescriptorProto[]): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto) => {
    for (const name of file.dependency) {
      add(files.find((one) => one.name === name) ?? assert.fail(`${name} is missing`));
    }
    ordered.add(file);
  };
  for (const file of files) add(file);
  return [...ordered];
}

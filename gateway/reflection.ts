import {
  type DescFile,
  type DescService,
  type FileRegistry,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter, type HandlerContext } from "@connectrpc/connect";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import {
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
  ServerReflection as V1,
} from "#proto/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "#proto/grpc/reflection/v1alpha/reflection_pb.ts";
import { refused } from "./errors.ts";
import { MAX_REFLECTION_MS, MAX_REFLECTION_REQUESTS } from "./limits.ts";
import { STREAM_OPTIONS } from "./protocols.ts";
import { publicFiles } from "./public-files.ts";

type Request = Pick<ServerReflectionRequest, "host" | "messageRequest">;
type Response = Exclude<
  MessageInitShape<typeof ServerReflectionResponseSchema>,
  { $typeName: string }
>;
type Answer = NonNullable<Response["messageResponse"]>;
type Reflection = (question: Request["messageRequest"]) => Answer;

/**
 * Serves server reflection, so that clients such as grpcurl need no proto files. It describes only
 * what the gateway serves of these services. Anyone may call it. Its versions differ only in name.
 */
export function addReflection(router: ConnectRouter, services: readonly DescService[]): void {
  const reflect = createReflection(services);
  for (const { method } of [V1, V1Alpha]) {
    const implementation = (requests: AsyncIterable<Request>, { signal }: HandlerContext) =>
      answerEach(requests, reflect, signal);
    router.rpc(method.serverReflectionInfo, implementation as never, STREAM_OPTIONS);
  }
}

/** Ends after MAX_REFLECTION_MS. A client with more requests opens another stream. */
async function* answerEach(
  requests: AsyncIterable<Request>,
  reflect: Reflection,
  signal: AbortSignal,
): AsyncIterable<Response> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(MAX_REFLECTION_MS)]);
  const ended = new Promise<undefined>((resolve) => {
    over.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const iterator = requests[Symbol.asyncIterator]();
  for (let count = 1; ; count += 1) {
    const next = await Promise.race([iterator.next(), ended]);
    signal.throwIfAborted();
    if (next === undefined || next.done) return;
    if (count > MAX_REFLECTION_REQUESTS) {
      const facts = { cause: "messages", limit: String(MAX_REFLECTION_REQUESTS) };
      throw refused(new Refusal(Reason.RATE_LIMITED, facts));
    }
    const { host, messageRequest } = next.value;
    const originalRequest = next.value as ServerReflectionRequest;
    yield { validHost: host, originalRequest, messageResponse: reflect(messageRequest) };
  }
}

function createReflection(services: readonly DescService[]): Reflection {
  const registry = publicFiles(services);
  const extensions = [...registry].filter((type) => type.kind === "extension");
  const names = [...registry]
    .filter((type) => type.kind === "service")
    .map((type) => type.typeName)
    .sort();
  const packed = withImports(registry);

  const answerFile = (file: DescFile | undefined, wanted: string): Answer => {
    const fileDescriptorProto = file && packed.get(file);
    if (!fileDescriptorProto) return notFound(wanted);
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
  };
  return (question) => {
    switch (question.case) {
      case "listServices": {
        const service = names.map((name) => ({ name }));
        return { case: "listServicesResponse", value: { service } };
      }
      case "fileByFilename":
        return answerFile(fileOf(registry, question.value), question.value);
      case "fileContainingSymbol":
        return answerFile(fileWith(registry, question.value), question.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = question.value;
        const found = extensions.find(
          ({ extendee, number }) =>
            extendee.typeName === containingType && number === extensionNumber,
        );
        return answerFile(found?.file, `${containingType} ${extensionNumber}`);
      }
      case "allExtensionNumbersOfType": {
        const type = question.value;
        if (!registry.getMessage(type)) return notFound(type);
        const found = extensions.filter(({ extendee }) => extendee.typeName === type);
        const extensionNumber = found.map(({ number }) => number);
        const value = { baseTypeName: type, extensionNumber };
        return { case: "allExtensionNumbersResponse", value };
      }
      default:
        return problem(Code.InvalidArgument, "the request has no question");
    }
  };
}

function fileOf(registry: FileRegistry, name: string): DescFile | undefined {
  for (const file of registry.files) if (file.proto.name === name) return file;
  return undefined;
}

/**
 * The file that declares a symbol: the full name of a type, a service, a method or an extension.
 */
function fileWith(registry: FileRegistry, symbol: string): DescFile | undefined {
  const type = registry.get(symbol);
  if (type) return type.file;
  const dot = symbol.lastIndexOf(".");
  const service = registry.getService(symbol.slice(0, dot));
  const name = symbol.slice(dot + 1);
  return service?.methods.some((method) => method.name === name) ? service.file : undefined;
}

/** The answer for each file: its own bytes first, then those of all its imports. */
function withImports(registry: FileRegistry): Map<DescFile, Uint8Array[]> {
  const packed = new Map<DescFile, Uint8Array>();
  for (const file of registry.files) {
    packed.set(file, toBinary(FileDescriptorProtoSchema, file.proto));
  }
  const closure = (file: DescFile, found = new Set<DescFile>()): Set<DescFile> => {
    if (!found.has(file)) {
      found.add(file);
      for (const dependency of file.dependencies) closure(dependency, found);
    }
    return found;
  };
  return new Map(
    [...packed.keys()].map((file) => [
      file,
      [...closure(file)].map((one) => packed.get(one) ?? new Uint8Array()),
    ]),
  );
}

function notFound(what: string): Answer {
  return problem(Code.NotFound, `not found: ${what}`);
}

function problem(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}

import {
  create,
  createFileRegistry,
  type DescEnum,
  type DescFile,
  type DescMessage,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { DETAIL_FILES } from "#platform/rpc/status-details.ts";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";
import { isPublic } from "./public-services.ts";

/**
 * The proto files of these services and their imports, reduced to what the gateway serves. Methods
 * for services only, services without any other method, and messages that only those use are left
 * out. The details of errors are always included.
 */
export function publicFiles(services: readonly DescService[]): FileRegistry {
  const shown = new Set<DescMessage | DescEnum>();
  for (const method of services.flatMap((service) => service.methods).filter(isPublic)) {
    addMessage(method.input, shown);
    addMessage(method.output, shown);
  }
  addMessage(ErrorInfoSchema, shown);
  const files = new Set<DescFile>();
  for (const file of [...services.map((service) => service.file), ...DETAIL_FILES]) {
    addFile(file, files);
  }
  for (const extension of [...files].flatMap((file) => file.extensions)) {
    if (extension.enum) shown.add(extension.enum);
    if (extension.message) addMessage(extension.message, shown);
  }
  const file = [...files].map((one) =>
    isOwn(one) ? shownOf(one, { shown, services }) : one.proto,
  );
  return createFileRegistry(create(FileDescriptorSetSchema, { file }));
}

/**
 * Adds a message and the types of its fields. Nested messages stay together with the outermost one.
 */
function addMessage(message: DescMessage, shown: Set<DescMessage | DescEnum>): void {
  if (shown.has(message)) return;
  shown.add(message);
  if (message.parent) addMessage(message.parent, shown);
  for (const nested of message.nestedMessages) addMessage(nested, shown);
  for (const field of message.fields) {
    if (field.enum) addEnum(field.enum, shown);
    if (field.message) addMessage(field.message, shown);
  }
}

function addEnum(found: DescEnum, shown: Set<DescMessage | DescEnum>): void {
  shown.add(found);
  if (found.parent) addMessage(found.parent, shown);
}

/** Adds a file after its imports: the order that a registry requires. */
function addFile(file: DescFile, files: Set<DescFile>): void {
  if (files.has(file)) return;
  for (const dependency of file.dependencies) addFile(dependency, files);
  files.add(file);
}

/** Google's files are public and stay unchanged. */
function isOwn(file: DescFile): boolean {
  return file.proto.package.startsWith("shop.");
}

function shownOf(
  file: DescFile,
  { shown, services }: { shown: Set<DescMessage | DescEnum>; services: readonly DescService[] },
): FileDescriptorProto {
  const protosOf = <P>(found: ((DescMessage | DescEnum) & { proto: P })[]) =>
    found.filter((one) => shown.has(one)).map(({ proto }) => proto);
  return create(FileDescriptorProtoSchema, {
    ...file.proto,
    messageType: protosOf(file.messages),
    enumType: protosOf(file.enums),
    service: file.services.flatMap((service) =>
      services.includes(service) ? publicPart(service) : [],
    ),
  });
}

function publicPart({ methods, proto }: DescService): ServiceDescriptorProto[] {
  const method = methods.filter(isPublic).map((found) => found.proto);
  return method.length === 0 ? [] : [{ ...proto, method }];
}

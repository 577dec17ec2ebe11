import { type DescFile, type DescService, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as healthService } from "grpc-health-check";
import { ErrorInfoSchema } from "#proto/shop/common/v1/error_pb.ts";

/**
 * Server reflection, v1 and v1alpha, from the descriptors in the generated code: clients need no proto file. It is
 * answered to anyone, and whether or not the server is serving.
 */
export function addReflection(server: Server, services: DescService[]): void {
  const files = new Map<string, FileDescriptorProto>();
  for (const service of services) collectFiles(service.file, files);
  // For the details of errors, also where no message of the services has them.
  collectFiles(ErrorInfoSchema.file, files);
  const fileDescriptorProtos = [...files.values(), ...healthFiles()].map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
  );
  // The package reads nothing of its argument but these bytes. proto-loader would give them too, but it merges the
  // files of a package into one and renames them.
  new ReflectionService({ shop: { fileDescriptorProtos } } as never).addToServer(server);
}

function collectFiles(file: DescFile, files: Map<string, FileDescriptorProto>): void {
  if (files.has(file.proto.name)) return;
  files.set(file.proto.name, file.proto);
  for (const dependency of file.dependencies) collectFiles(dependency, files);
}

/**
 * The health service's own descriptors. They come through protobufjs, which names the entry type of a map after the
 * field alone; protoc's name ends in "Entry", and clients in Go refuse the whole file without it.
 */
function healthFiles(): FileDescriptorProto[] {
  const { requestType } = healthService.Check as unknown as {
    requestType: { fileDescriptorProtos: Buffer[] };
  };
  const files = requestType.fileDescriptorProtos.map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
  for (const message of files.flatMap((file) => file.messageType)) {
    for (const entry of message.nestedType.filter((type) => type.options?.mapEntry)) {
      if (entry.name.endsWith("Entry")) continue;
      const field = message.field.find((candidate) => candidate.typeName === entry.name);
      entry.name = `${entry.name}Entry`;
      if (field) field.typeName = entry.name;
    }
  }
  return files;
}

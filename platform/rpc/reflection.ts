import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { service as healthService } from "grpc-health-check";

type Files = { fileDescriptorProtos: Buffer[] };

/**
 * Server reflection, v1 and v1alpha, from the descriptors in the generated code: clients need no proto file. It is
 * answered to anyone, and whether or not the server is serving.
 */
export function addReflection(server: Server, services: DescService[]): void {
  const files = new Map<string, Buffer>();
  for (const service of services) collectFiles(service.file, files);
  const { requestType } = healthService.Check as unknown as { requestType: Files };
  // The package reads nothing of its first argument but these bytes. proto-loader would give them too, but merges the
  // files of a package into one and renames them.
  const root = {
    shop: { fileDescriptorProtos: [...files.values()] },
    health: { fileDescriptorProtos: requestType.fileDescriptorProtos },
  };
  new ReflectionService(root as never).addToServer(server);
}

function collectFiles(file: DescFile, files: Map<string, Buffer>): void {
  if (files.has(file.proto.name)) return;
  files.set(file.proto.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
  for (const dependency of file.dependencies) collectFiles(dependency, files);
}

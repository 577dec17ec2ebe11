import { type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { Health } from "#proto/grpc/health/v1/health_pb.ts";
import { DETAIL_FILES } from "./status-details.ts";

/**
 * Serves server reflection, v1 and v1alpha, from the descriptors in the generated code, so that
 * clients need no proto files. Anyone may call it, whether or not the server is serving.
 */
export function addReflection(server: Server, services: DescService[]): void {
  const files = new Map<string, FileDescriptorProto>();
  for (const service of [...services, Health]) collectFiles(service.file, files);
  // Error details use these files, even if no message of the services imports them.
  for (const file of DETAIL_FILES) collectFiles(file, files);
  const fileDescriptorProtos = [...files.values()].map((file) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
  );
  // The package reads only these bytes of its argument. proto-loader would supply them too, but it
  // merges the files of a proto package into one and renames it.
  new ReflectionService({ shop: { fileDescriptorProtos } } as never).addToServer(server);
}

function collectFiles(file: DescFile, files: Map<string, FileDescriptorProto>): void {
  if (files.has(file.proto.name)) return;
  files.set(file.proto.name, file.proto);
  for (const dependency of file.dependencies) collectFiles(dependency, files);
}

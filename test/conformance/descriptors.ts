import { readFileSync } from "node:fs";
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
  type Message,
} from "@bufbuild/protobuf";
import { type Any, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

/** The proto files of the suite, from the descriptor set that installSuite() built. */
export type Descriptors = {
  registry: FileRegistry;
  service: DescService;
  schema(name: string): DescMessage;
};

const PACKAGE = "connectrpc.conformance.v1";

export function readDescriptors(path: string): Descriptors {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  const found = <T>(desc: T | undefined, name: string): T => {
    if (desc === undefined)
      throw new Error(`the descriptor set ${path} lacks ${name}; delete it and run again`);
    return desc;
  };
  return {
    registry,
    service: found(registry.getService(`${PACKAGE}.ConformanceService`), "ConformanceService"),
    schema: (name) => found(registry.getMessage(`${PACKAGE}.${name}`), name),
  };
}

// The messages that the tests read, as in service.proto and server_compat.proto of the suite.

export type Header = { name: string; value: string[] };
export type ErrorDefinition = { code: number; message?: string; details: Any[] };

type ResponseDefinition = {
  responseHeaders: Header[];
  responseTrailers: Header[];
  responseDelayMs: number;
};
export type UnaryDefinition = ResponseDefinition & {
  response:
    | { case: "responseData"; value: Uint8Array }
    | { case: "error"; value: ErrorDefinition }
    | { case: "rawResponse" | undefined };
};
export type StreamDefinition = ResponseDefinition & {
  responseData: Uint8Array[];
  error?: ErrorDefinition;
};

export type UnaryRequest = Message & { responseDefinition?: UnaryDefinition };
export type StreamRequest = Message & {
  responseDefinition?: StreamDefinition;
  fullDuplex?: boolean;
};

export type ServerRequest = Message & { useTls: boolean; messageReceiveLimit: number };

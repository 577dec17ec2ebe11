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

/** The suite's own proto files, as one file descriptor set that buf makes of them at test time. */
export type Words = {
  registry: FileRegistry;
  service: DescService;
  schema(name: string): DescMessage;
};

const PACKAGE = "connectrpc.conformance.v1";

export function readWords(path: string): Words {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  const found = <T>(desc: T | undefined, name: string): T => {
    if (desc === undefined) throw new Error(`${path} has no ${name}`);
    return desc;
  };
  return {
    registry,
    service: found(registry.getService(`${PACKAGE}.ConformanceService`), "ConformanceService"),
    schema: (name) => found(registry.getMessage(`${PACKAGE}.${name}`), name),
  };
}

// The shapes of what is read, after service.proto and server_compat.proto of the suite.

export type Header = { name: string; value: string[] };
export type ErrorWanted = { code: number; message?: string; details: Any[] };

type AnswerWanted = {
  responseHeaders: Header[];
  responseTrailers: Header[];
  responseDelayMs: number;
};
export type UnaryWanted = AnswerWanted & {
  response:
    | { case: "responseData"; value: Uint8Array }
    | { case: "error"; value: ErrorWanted }
    | { case: "rawResponse" | undefined };
};
export type StreamWanted = AnswerWanted & { responseData: Uint8Array[]; error?: ErrorWanted };

export type UnaryRequest = Message & { responseDefinition?: UnaryWanted };
export type StreamRequest = Message & { responseDefinition?: StreamWanted; fullDuplex?: boolean };

export type ServerRequest = Message & { useTls: boolean; messageReceiveLimit: number };

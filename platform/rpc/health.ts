import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Server,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthListRequestSchema,
  HealthListResponseSchema,
  Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "#proto/grpc/health/v1/health_pb.ts";
import { encodeMessage, rawMethod } from "./messages.ts";

/** The part whose status is the broker connection. Without a broker a service still serves. */
export const BROKER_PART = "broker";

/** Separates a part from the cause why it is not able to work. No name of a service has it. */
export const CAUSE_MARK = "/";

type Health = {
  /** Sets the status of the server as a whole and of each of its services. */
  setServing(serving: boolean): void;
  /** Sets the status of a part that the server can do without for a while, such as "broker". */
  setPart(name: string, serving: boolean): void;
  /**
   * Sets the one cause why a part is not able to work, or none. Its name is then
   * `<part>/<cause>`, and its status NOT_SERVING.
   */
  setCause(part: string, cause: string | undefined): void;
};

type Watcher = (status: ServingStatus) => void;

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = ServingStatus;

/**
 * Serves grpc.health.v1 for the server as a whole (""), for each service, and for parts by name.
 * Every status but that of a part starts as NOT_SERVING. Anyone may call it, and it also answers
 * while the server is stopping.
 */
export function addHealth(server: Server, services: string[]): Health {
  const names = ["", ...services];
  const board = new StatusBoard(names);
  server.addService(
    Object.fromEntries(
      HealthService.methods.map(({ name, methodKind }) => {
        const path = `/${HealthService.typeName}/${name}`;
        return [name, rawMethod(path, { streaming: methodKind === "server_streaming" })];
      }),
    ) as ServiceDefinition,
    { Check: check(board), Watch: watch(board), List: list(board) },
  );
  return {
    setCause(part, cause) {
      const name = `${part}${CAUSE_MARK}${cause}`;
      for (const other of board.statuses.keys()) {
        if (other.startsWith(`${part}${CAUSE_MARK}`) && other !== name) board.remove(other);
      }
      if (cause !== undefined) board.set(name, NOT_SERVING);
    },
    setPart: (name, serving) => board.set(name, serving ? SERVING : NOT_SERVING),
    setServing: (serving) => {
      for (const name of names) board.set(name, serving ? SERVING : NOT_SERVING);
    },
  };
}

/** The current statuses and their watchers. */
class StatusBoard {
  readonly statuses: Map<string, ServingStatus>;
  readonly #watchers = new Map<string, Set<Watcher>>();

  constructor(names: readonly string[]) {
    this.statuses = new Map(names.map((name) => [name, NOT_SERVING]));
  }

  set(name: string, status: ServingStatus): void {
    if (this.statuses.get(name) === status) return;
    this.statuses.set(name, status);
    for (const watcher of this.#watchers.get(name) ?? []) watcher(status);
  }

  remove(name: string): void {
    if (!this.statuses.delete(name)) return;
    for (const watcher of this.#watchers.get(name) ?? []) watcher(SERVICE_UNKNOWN);
  }

  /** Calls the watcher with the current status and each later one, until the result is called. */
  watch(name: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, watchers.add(watcher));
    watcher(this.statuses.get(name) ?? SERVICE_UNKNOWN);
    return () => {
      watchers.delete(watcher);
      // Clients choose the names, so a name without watchers must not stay in memory.
      if (watchers.size === 0) this.#watchers.delete(name);
    };
  }
}

function check(board: StatusBoard): handleUnaryCall<Buffer, Buffer> {
  return ({ request }, respond) => {
    const message = read(HealthCheckRequestSchema, request);
    if (!message) return respond(MALFORMED);
    const found = board.statuses.get(message.service);
    if (found === undefined) return respond(UNKNOWN_SERVICE);
    respond(null, encodeMessage(HealthCheckResponseSchema, { status: found }));
  };
}

function watch(board: StatusBoard): handleServerStreamingCall<Buffer, Buffer> {
  return (stream) => {
    const message = read(HealthCheckRequestSchema, stream.request);
    if (!message) {
      stream.emit("error", MALFORMED);
      return;
    }
    const end = board.watch(message.service, (status) => {
      stream.write(encodeMessage(HealthCheckResponseSchema, { status }));
    });
    stream.once("cancelled", end);
  };
}

function list(board: StatusBoard): handleUnaryCall<Buffer, Buffer> {
  return ({ request }, respond) => {
    if (!read(HealthListRequestSchema, request)) return respond(MALFORMED);
    const entries = [...board.statuses].map(([name, status]) => [name, { status }]);
    const statuses = Object.fromEntries(entries);
    respond(null, encodeMessage(HealthListResponseSchema, { statuses }));
  };
}

const MALFORMED = { code: status.INVALID_ARGUMENT, details: "the request is malformed" };
const UNKNOWN_SERVICE = { code: status.NOT_FOUND, details: "the server has no such service" };

/** Undefined for malformed bytes. */
function read<Desc extends DescMessage>(
  schema: Desc,
  bytes: Buffer,
): MessageShape<Desc> | undefined {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}

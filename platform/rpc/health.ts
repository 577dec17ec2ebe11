import { type Server, status } from "@grpc/grpc-js";
import { HealthImplementation, type service as healthService } from "grpc-health-check";

/** Without its broker a service takes orders and keeps its events until it is back. */
export const BROKER_PART = "broker";

export type Health = {
  setServing(serving: boolean): void;
  /** What the server works with but can do without for a while, under a name of its own: "broker". */
  setPart(name: string, serving: boolean): void;
};

type Definition = { requestDeserialize: (bytes: Buffer) => object };
type Respond = (error: object | null, value?: unknown) => void;
type HealthCall = { request: unknown; emit(event: "error", error: object): void };
type HealthHandler = (call: HealthCall, respond: Respond) => void;

const MALFORMED = Object.freeze({});
const MALFORMED_STATUS = { code: status.INVALID_ARGUMENT, details: "the request is malformed" };

/**
 * grpc.health.v1 for the server as a whole ("") and for each service by name. It starts with NOT_SERVING and is
 * answered to anyone.
 */
export function addHealth(server: Server, services: string[]): Health {
  const names = ["", ...services];
  const health = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, "NOT_SERVING"])),
  );
  health.addToServer({
    addService: (definition, handlers) => {
      const names = Object.keys(handlers);
      server.addService(
        Object.fromEntries(
          Object.entries(definition).map(([name, method]) => [name, tolerant(method)]),
        ) as unknown as typeof healthService,
        Object.fromEntries(
          names.map((name) => [name, guarded(handlers[name] as unknown as HealthHandler)]),
        ) as never,
      );
    },
  });
  let current: boolean | undefined;
  return {
    setPart: (name, serving) => health.setStatus(name, serving ? "SERVING" : "NOT_SERVING"),
    setServing(serving) {
      if (serving === current) return;
      current = serving;
      for (const name of names) health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
    },
  };
}

/** What a deserializer throws inside grpc-js becomes INTERNAL; here it becomes a mark instead. */
function tolerant<T extends Definition>(definition: T): T {
  const requestDeserialize = (bytes: Buffer) => {
    try {
      return definition.requestDeserialize(bytes);
    } catch {
      return MALFORMED;
    }
  };
  return { ...definition, requestDeserialize };
}

function guarded(handler: HealthHandler): HealthHandler {
  return (call, respond) => {
    if (call.request !== MALFORMED) handler(call, respond);
    else if (respond) respond(MALFORMED_STATUS);
    else call.emit("error", MALFORMED_STATUS);
  };
}

import { randomFillSync } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";
import type { Log } from "#platform/telemetry/log.ts";
import type { Gate } from "#platform/values/gate.ts";
import {
  ANONYMOUS,
  actorOf,
  type Call,
  type Caller,
  CLIENT_NETWORK,
  ownerOf,
  REQUEST_ID_HEADER,
  requestIdOf,
} from "./call.ts";

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const NETWORK = /^[\da-f.:]{1,40}$/;

/** Created once, because capturing a stack for each caller that leaves is expensive. */
const LEFT = new DOMException("the caller has left", "AbortError");

/**
 * One call, from its headers to the end of its work. It counts at its gate until its handler is
 * done, which may be after the caller has left. If the handler never begins, it counts until the
 * caller leaves.
 */
export class ServerCall implements Call {
  readonly deadlineMs: number;
  caller: Caller = ANONYMOUS;
  readonly #gate: Gate;
  readonly #metadata: Metadata;
  readonly #path: string;
  readonly #log: Log;
  #state: "admitted" | "working" | "done" = "admitted";
  #left = false;
  #controller: AbortController | undefined;
  #traceparent: string | undefined;
  #callLog: Log | undefined;

  constructor(options: {
    gate: Gate;
    metadata: Metadata;
    path: string;
    deadlineMs: number;
    log: Log;
  }) {
    this.#gate = options.gate;
    this.#metadata = options.metadata;
    this.#path = options.path;
    this.deadlineMs = options.deadlineMs;
    this.#log = options.log;
  }

  get actor(): string {
    return actorOf(this.caller);
  }

  get ownerId(): bigint | undefined {
    return ownerOf(this.caller);
  }

  // The signal, the trace and the log are created on first use: most calls need none of them.

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#left) this.#controller.abort(LEFT);
    return this.#controller.signal;
  }

  get traceparent(): string {
    if (this.#traceparent === undefined) {
      const [given] = this.#metadata.get("traceparent");
      this.#traceparent =
        typeof given === "string" && TRACEPARENT.test(given) ? given : newTraceparent();
    }
    return this.#traceparent;
  }

  get clientNetwork(): string {
    const [given] = this.#metadata.get(CLIENT_NETWORK);
    return typeof given === "string" && NETWORK.test(given) ? given : "";
  }

  get log(): Log {
    if (this.#callLog) return this.#callLog;
    const requestId = requestIdOf(this.#metadata.get(REQUEST_ID_HEADER)[0]);
    this.#callLog = this.#log.child({
      method: this.#path,
      actor: this.actor,
      trace: this.traceparent.slice(3, 35),
      ...(requestId !== undefined && { requestId }),
    });
    return this.#callLog;
  }

  /** True once the caller has left, was refused, or has its answer. */
  get left(): boolean {
    return this.#left;
  }

  begin(): void {
    this.#state = "working";
  }

  finish(): void {
    if (this.#state === "done") return;
    this.#state = "done";
    this.#gate.leave();
  }

  leave(): void {
    this.#left = true;
    if (this.#state === "admitted") this.finish();
    this.#controller?.abort(LEFT);
  }
}

const ID_BYTES = 24;
/** Random bytes for 256 calls at a time: one large request is cheaper than many small ones. */
const random = Buffer.alloc(ID_BYTES * 256);
let used = random.length;

function newTraceparent(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const ids = random.toString("hex", used, used + ID_BYTES);
  used += ID_BYTES;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`;
}

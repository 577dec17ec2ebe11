import { randomFillSync } from "node:crypto";
import type { Metadata } from "@grpc/grpc-js";
import type { Log } from "#platform/telemetry/log.ts";
import { actorOf, type Call, type Caller, ownerOf } from "./access.ts";

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Made once: with its stack it costs more than to leave. */
const LEFT = new DOMException("the caller has left", "AbortError");

/** Counts what is under way, up to a limit, and tells when nothing is. */
export class Gate {
  readonly limit: number;
  #count = 0;
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  enter(): boolean {
    if (this.#count >= this.limit) return false;
    this.#count += 1;
    return true;
  }

  leave(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/**
 * One call from its headers to the end of its work. It holds a place at its gate until the handler is done, which may
 * be after the caller has left; where the handler never began, until the caller has left.
 */
export class ServerCall implements Call {
  readonly deadlineMs: number;
  caller: Caller = { kind: "anonymous" };
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

  // The signal, the trace and the log are made when someone asks: most calls need none of them.

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

  get log(): Log {
    this.#callLog ??= this.#log.child({
      method: this.#path,
      actor: this.actor,
      trace: this.traceparent.slice(3, 35),
    });
    return this.#callLog;
  }

  /** The caller has left, was refused, or has its answer. */
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
/** Asking for random bytes costs more than the bytes: one question for so many calls. */
const random = Buffer.alloc(ID_BYTES * 256);
let used = random.length;

export function newTraceparent(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const ids = random.toString("hex", used, used + ID_BYTES);
  used += ID_BYTES;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`;
}

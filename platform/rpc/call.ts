import type { Log } from "#platform/telemetry/log.ts";

/** Who makes a call, proven by a token. */
export type Caller =
  | { kind: "anonymous" }
  | { kind: "user"; userId: bigint }
  | { kind: "admin"; id: string }
  | { kind: "service"; name: string };

/** What a handler knows about a call besides its request. */
export type Call = {
  readonly caller: Caller;
  /** The caller as histories record it: "user:1", "admin:x", "service:order", "anonymous". */
  readonly actor: string;
  /**
   * The user whose objects the caller may see. Undefined allows the objects of all users; 0, which
   * an anonymous caller has, allows none.
   */
  readonly ownerId: bigint | undefined;
  /** On the scale of Date.now(). Calls to other services must not outlive it. */
  readonly deadlineMs: number;
  /** Aborted when the caller leaves or the deadline passes. */
  readonly signal: AbortSignal;
  /** W3C trace context: the caller's, or a new one if the caller sent none. */
  readonly traceparent: string;
  /**
   * The network of the gateway's client, as the gateway reports it: an IPv4 address or the first
   * half of an IPv6 address. "" for a call that came another way.
   */
  readonly clientNetwork: string;
  readonly log: Log;
};

/** The header in which the gateway reports the network of its client. */
export const CLIENT_NETWORK = "shop-client-network";
/** The header with the id of the request at the gateway. */
export const REQUEST_ID_HEADER = "x-request-id";
const REQUEST_ID = /^[\x21-\x7e]{1,64}$/;

/** The value of that header; undefined unless it is 1 to 64 printable ASCII characters. */
export function requestIdOf(given: unknown): string | undefined {
  return typeof given === "string" && REQUEST_ID.test(given) ? given : undefined;
}

export const ANONYMOUS: Caller = { kind: "anonymous" };

export function actorOf(caller: Caller): string {
  switch (caller.kind) {
    case "anonymous":
      return "anonymous";
    case "user":
      return `user:${caller.userId}`;
    case "admin":
      return `admin:${caller.id}`;
    case "service":
      return `service:${caller.name}`;
  }
}

export function ownerOf(caller: Caller): bigint | undefined {
  if (caller.kind === "user") return caller.userId;
  return caller.kind === "anonymous" ? 0n : undefined;
}

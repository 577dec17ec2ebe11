import { type DescMethod, getOption, ScalarType } from "@bufbuild/protobuf";
import type { Metadata } from "@grpc/grpc-js";
import type { Log } from "#platform/telemetry/log.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { Access, access } from "#proto/shop/common/v1/access_pb.ts";
import { type TokenVerifier, unauthenticated } from "./tokens.ts";

/** Who calls, proven by a token. */
export type Caller =
  | { kind: "anonymous" }
  | { kind: "user"; userId: bigint }
  | { kind: "admin"; id: string }
  | { kind: "service"; name: string };

/** What a handler knows about a call besides its request. */
export type Call = {
  readonly caller: Caller;
  /** For histories: "user:1", "admin:x", "service:order", "anonymous". */
  readonly actor: string;
  /** Only this user's objects may be seen; undefined is anyone's. 0, for an anonymous caller, is nobody's. */
  readonly ownerId: bigint | undefined;
  /** On the scale of Date.now(). Calls to other services must not outlive it. */
  readonly deadlineMs: number;
  /** Aborted when the caller has left or the deadline has passed. */
  readonly signal: AbortSignal;
  /** W3C trace context, the caller's or a new one. */
  readonly traceparent: string;
  readonly log: Log;
};

const ANONYMOUS: Caller = { kind: "anonymous" };

const ALLOWED: Record<number, readonly Caller["kind"][]> = {
  [Access.PUBLIC]: ["anonymous", "user", "admin", "service"],
  [Access.USER]: ["user", "admin", "service"],
  [Access.ADMIN]: ["admin"],
  [Access.SERVICE]: ["service"],
};

/** Who may call a method, from its proto option. A method without one is a mistake, found when the server starts. */
export function accessOf(method: DescMethod): Access {
  const option = getOption(method, access);
  if (!ALLOWED[option]) throw new Error(`${method.toString()} has no shop.common.v1.access option`);
  return option;
}

/** Throws Refusal(UNAUTHENTICATED) for someone unknown, Refusal(PERMISSION_DENIED) for someone of the wrong role. */
export function authorize(wanted: Access, caller: Caller): void {
  if (ALLOWED[wanted]?.includes(caller.kind)) return;
  throw caller.kind === "anonymous" ? unauthenticated() : new Refusal(Reason.PERMISSION_DENIED);
}

/** Who sent these headers. No authorization header is anonymous; a bad one is refused, also by public methods. */
export function authenticate(metadata: Metadata, tokens: TokenVerifier): Caller | Promise<Caller> {
  const values = metadata.get("authorization");
  if (values.length === 0) return ANONYMOUS;
  const value = values[0];
  if (values.length > 1 || typeof value !== "string") throw unauthenticated();
  const space = value.indexOf(" ");
  if (value.slice(0, space).toLowerCase() !== "bearer") throw unauthenticated();
  return tokens.verify(value.slice(space + 1));
}

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

/**
 * Makes users act for themselves only. Where the request has a field `user_id`, a user's 0 becomes the user's own id,
 * and another's id is answered like one that does not exist. Undefined for a request without such a field.
 */
export function userBinding(
  method: DescMethod,
): ((request: Record<string, unknown>, caller: Caller) => void) | undefined {
  const field = method.input.fields.find((candidate) => candidate.name === "user_id");
  if (!field) return undefined;
  if (field.scalar !== ScalarType.INT64) throw new Error(`${field.toString()} must be an int64`);
  const name = field.localName;
  return (request, caller) => {
    if (caller.kind !== "user") return;
    if (request[name] === 0n) request[name] = caller.userId;
    if (request[name] !== caller.userId) throw new Refusal(Reason.USER_NOT_FOUND);
  };
}

import { type DescMethod, getOption, ScalarType } from "@bufbuild/protobuf";
import type { Metadata } from "@grpc/grpc-js";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { Access, access } from "#proto/shop/common/v1/access_pb.ts";
import { ANONYMOUS, type Caller } from "./call.ts";
import { bearerToken, type TokenVerifier, unauthenticated } from "./tokens.ts";

const ALLOWED: Record<number, readonly Caller["kind"][]> = {
  [Access.PUBLIC]: ["anonymous", "user", "admin", "service"],
  [Access.USER]: ["user", "admin", "service"],
  [Access.ADMIN]: ["admin"],
  [Access.SERVICE]: ["service"],
};

/**
 * Who may call a method, as its proto option says. A method without the option is a mistake in the
 * contract: this throws, so the server does not start.
 */
export function accessOf(method: DescMethod): Access {
  const option = getOption(method, access);
  if (!ALLOWED[option]) throw new Error(`${method.toString()} has no shop.common.v1.access option`);
  return option;
}

/**
 * Throws Refusal(UNAUTHENTICATED) if an anonymous caller may not call the method, and
 * Refusal(PERMISSION_DENIED) if the caller's role may not.
 */
export function authorize(required: Access, caller: Caller): void {
  if (ALLOWED[required]?.includes(caller.kind)) return;
  throw caller.kind === "anonymous" ? unauthenticated() : new Refusal(Reason.PERMISSION_DENIED);
}

/**
 * The caller that the headers of a call prove. Without an authorization header the caller is
 * anonymous. A bad header is refused, also by public methods, so that a client notices its expired
 * token at once.
 */
export function authenticate(metadata: Metadata, tokens: TokenVerifier): Caller | Promise<Caller> {
  const values = metadata.get("authorization");
  const [value] = values;
  if (value === undefined) return ANONYMOUS;
  if (values.length > 1) throw unauthenticated();
  return tokens.verify(bearerToken(String(value)));
}

/**
 * Restricts users to themselves, for a method whose request has a field `user_id`: a user's 0
 * becomes the user's own id, and another user's id is answered like one that does not exist.
 * Undefined for any other method.
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

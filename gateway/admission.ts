import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { authorize } from "#platform/rpc/access.ts";
import type { TokenVerifier } from "#platform/rpc/tokens.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Access } from "#proto/shop/common/v1/access_pb.ts";
import { connectErrorOf } from "./errors.ts";
import { CALL } from "./gateway-call.ts";
import { checkQuery } from "./get-requests.ts";
import { IDENTITY, type Identity, identify } from "./identity.ts";
import { explainMalformed } from "./malformed.ts";
import { createPlaces } from "./places.ts";
import { publicAccessOf } from "./public-services.ts";
import type { RateLimits } from "./rate-limits.ts";

/**
 * Decides on a call by its headers alone, before its body is read: whether the caller stays within
 * its rate, who the caller is, and whether that role may call the method. When the body is in, the
 * call takes a place, which the gateway, the network and the caller each have a number of. It
 * refuses with the same statuses and reasons as the services.
 */
export function createAdmission(options: {
  tokens: TokenVerifier;
  /** Whether cookies are for https only. */
  secureCookies: boolean;
  rates: RateLimits;
  /** Percent of each limit that one network may hold. */
  networkShare: number;
  stopping: AbortSignal;
  log: Log;
}): (context: HandlerContext) => Promise<void> {
  const { rates, stopping, log } = options;
  const places = createPlaces(options.networkShare);
  return async (context) => {
    const call = context.values.get(CALL);
    explainMalformed(context, (error) => {
      call.error = error;
    });
    try {
      if (stopping.aborted) throw new ConnectError("the gateway is stopping", Code.Unavailable);
      await rates.network(call.network, context.method);
      places.check(call);
      const identity = await identify(context.requestHeader, options);
      const { caller } = identity;
      call.caller = caller;
      // A service calls the other services directly, so its token is never valid here.
      if (caller.kind === "service") throw new Refusal(Reason.PERMISSION_DENIED);
      authorizeIdentity(publicAccessOf(context.method), identity);
      await rates.caller(caller);
      checkQuery(context);
      context.values.set(IDENTITY, identity);
      const enter = () => places.enter(call, context.method.methodKind !== "unary");
      if (hasOneBody(context)) call.enter = () => refusing(enter, log);
      else enter();
      call.charge = (bytes) => rates.size(call, bytes);
    } catch (error) {
      throw connectErrorOf(error, log);
    }
  };
}

/** Whether the request is one message in a body. Others take their place at once. */
function hasOneBody({ requestMethod, method }: HandlerContext): boolean {
  const { methodKind } = method;
  return requestMethod === "POST" && (methodKind === "unary" || methodKind === "server_streaming");
}

function refusing(act: () => void, log: Log): void {
  try {
    act();
  } catch (error) {
    throw connectErrorOf(error, log);
  }
}

/** A caller whose access cookie has expired learns that, instead of that a token is missing. */
function authorizeIdentity(access: Access, { caller, refusal }: Identity): void {
  try {
    authorize(access, caller);
  } catch (error) {
    throw refusal?.reason === Reason.TOKEN_EXPIRED ? refusal : error;
  }
}

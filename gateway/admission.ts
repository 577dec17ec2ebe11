import { Code, ConnectError, createContextKey, type HandlerContext } from "@connectrpc/connect";
import { authorize } from "#platform/rpc/access.ts";
import type { Caller } from "#platform/rpc/call.ts";
import type { TokenVerifier } from "#platform/rpc/tokens.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { Gate } from "#platform/values/gate.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { Access } from "#proto/shop/common/v1/access_pb.ts";
import { connectErrorOf } from "./errors.ts";
import { checkQuery } from "./get-requests.ts";
import { IDENTITY, type Identity, identify } from "./identity.ts";
import { MAX_CALLS, MAX_STREAMS, MAX_STREAMS_PER_CALLER } from "./limits.ts";
import { explainMalformed } from "./malformed.ts";
import { publicAccessOf } from "./public-services.ts";
import type { RateLimits } from "./rate-limits.ts";

/** The client's own address, behind any trusted proxies. */
export const ADDRESS = createContextKey("");

/**
 * Decides on a call by its headers alone, before its body is read: whether there is room for it,
 * whether the caller stays within its rate, who the caller is, and whether that role may call the
 * method. It refuses with the same statuses and reasons as the services.
 */
export function createAdmission(options: {
  tokens: TokenVerifier;
  rates: RateLimits;
  stopping: AbortSignal;
  log: Log;
}): (context: HandlerContext) => Promise<void> {
  const { tokens, rates, stopping, log } = options;
  const calls = new Gate(MAX_CALLS);
  const streams = new Gate(MAX_STREAMS);
  const streamsOf = new Map<string, number>();

  const enter = (context: HandlerContext, gate: Gate) => {
    if (!gate.enter()) throw tooMany("in_flight", gate.limit);
    atEnd(context, () => gate.leave());
  };
  const enterStream = (context: HandlerContext, key: string) => {
    const open = streamsOf.get(key) ?? 0;
    if (open >= MAX_STREAMS_PER_CALLER) throw tooMany("streams", MAX_STREAMS_PER_CALLER);
    streamsOf.set(key, open + 1);
    atEnd(context, () => leaveStream(key));
  };
  const leaveStream = (key: string) => {
    const open = (streamsOf.get(key) ?? 1) - 1;
    if (open > 0) streamsOf.set(key, open);
    else streamsOf.delete(key);
  };

  return async (context) => {
    explainMalformed(context);
    try {
      if (stopping.aborted) throw new ConnectError("the gateway is stopping", Code.Unavailable);
      const isStream = context.method.methodKind !== "unary";
      enter(context, isStream ? streams : calls);
      const address = context.values.get(ADDRESS);
      await rates.address(address, context.method);
      const identity = await identify(context.requestHeader, tokens);
      const { caller } = identity;
      // A service calls the other services directly, so its token is never valid here.
      if (caller.kind === "service") throw new Refusal(Reason.PERMISSION_DENIED);
      authorizeIdentity(publicAccessOf(context.method), identity);
      await rates.caller(caller);
      if (isStream) enterStream(context, keyOf(caller, address));
      checkQuery(context);
      context.values.set(IDENTITY, identity);
    } catch (error) {
      throw connectErrorOf(error, log);
    }
  };
}

/** A caller whose access cookie has expired learns that, instead of that a token is missing. */
function authorizeIdentity(access: Access, { caller, refusal }: Identity): void {
  try {
    authorize(access, caller);
  } catch (error) {
    throw refusal?.reason === Reason.TOKEN_EXPIRED ? refusal : error;
  }
}

/**
 * Runs `act` when the call ends: its signal is then aborted, whether it succeeded, failed or was
 * left.
 */
function atEnd({ signal }: HandlerContext, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}

function keyOf(caller: Caller, address: string): string {
  return caller.kind === "user" ? `user:${caller.userId}` : `address:${address}`;
}

function tooMany(cause: string, limit: number): Refusal {
  return new Refusal(Reason.RATE_LIMITED, { cause, limit: String(limit) });
}

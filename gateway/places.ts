import { actorOf } from "#platform/rpc/call.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { MAX_CALLS, MAX_CALLS_PER_CALLER, MAX_STREAMS, MAX_STREAMS_PER_CALLER } from "./limits.ts";
import { Shares, sharesOfNetworks } from "./shares.ts";

type Places = {
  /** Throws RATE_LIMITED if the network has too much unfinished already. */
  check(call: GatewayCall): void;
  /** Takes a place for a call, or for a stream, until the call ends. Throws RATE_LIMITED. */
  enter(call: GatewayCall, isStream: boolean): void;
};

/** The places of calls and streams: of all, of each network, and of each caller. */
export function createPlaces(networkShare: number): Places {
  const calls = {
    cause: "in_flight",
    ofNetwork: sharesOfNetworks(MAX_CALLS, networkShare),
    ofCaller: new Shares({ limit: MAX_CALLS, perClient: MAX_CALLS_PER_CALLER }),
  };
  const streams = {
    cause: "streams",
    ofNetwork: sharesOfNetworks(MAX_STREAMS, networkShare),
    ofCaller: new Shares({ limit: MAX_STREAMS, perClient: MAX_STREAMS_PER_CALLER }),
  };
  return {
    check({ isCrowded }) {
      if (isCrowded) throw new Refusal(Reason.RATE_LIMITED, { cause: "unfinished" });
    },
    enter(call, isStream) {
      const { cause, ofNetwork, ofCaller } = isStream ? streams : calls;
      const caller = call.caller.kind === "anonymous" ? undefined : actorOf(call.caller);
      // A call without a caller has the network's part, a stream only that of one caller.
      const key = caller ?? (isStream ? call.network : undefined);
      if (key !== undefined && ofCaller.room(key) === "client") {
        throw full(cause, ofCaller.perClient);
      }
      const room = ofNetwork.room(call.network);
      if (room === "full") throw full(cause, ofNetwork.limit);
      if (room === "client") throw full(`${cause}_of_network`, ofNetwork.perClient);
      ofNetwork.take(call.network);
      if (key !== undefined) ofCaller.take(key);
      call.hold(() => {
        ofNetwork.give(call.network);
        if (key !== undefined) ofCaller.give(key);
      });
    },
  };
}

function full(cause: string, limit: number): Refusal {
  return new Refusal(Reason.RATE_LIMITED, { cause, limit: String(limit) });
}

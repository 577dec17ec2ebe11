import { LRUCache } from "lru-cache";
import { busy } from "#platform/http/answer.ts";
import { Gate } from "#platform/values/gate.ts";
import {
  MAX_CALLBACKS,
  MAX_UNPROVEN_CALLBACKS,
  MAX_UNPROVEN_PER_NETWORK,
  PROVEN_MS,
} from "./limits.ts";
import type { RateLimits } from "./rate-limits.ts";
import { Shares } from "./shares.ts";

/** Networks that are remembered for genuine callbacks. Providers have a few each. */
const MAX_PROVEN = 1_000;

export type CallbackPlaces = {
  /**
   * Takes a place for a callback from this network. Throws 503 if there is none, or if an unproven
   * network is above its rate. Call the result once, with whether the callback proved genuine.
   */
  enter(from: { provider: string; network: string }): Promise<(genuine: boolean) => void>;
};

/**
 * The places of callbacks. Only the pay service can tell whether a callback is genuine, which costs
 * it work. A network that has sent a genuine callback of the provider has places that no one else
 * can take. The others have few, and a rate.
 */
export function createCallbackPlaces(rates: Pick<RateLimits, "callback">): CallbackPlaces {
  const proven = new LRUCache<string, true>({ max: MAX_PROVEN, ttl: PROVEN_MS });
  const provenGate = new Gate(MAX_CALLBACKS);
  const unproven = new Shares({
    limit: MAX_UNPROVEN_CALLBACKS,
    perClient: MAX_UNPROVEN_PER_NETWORK,
  });
  return {
    async enter({ provider, network }) {
      const key = `${provider} ${network}`;
      const isProven = proven.has(key);
      if (isProven) {
        if (!provenGate.enter()) throw busy();
      } else {
        await rates.callback(network);
        if (unproven.room(network) !== "room") throw busy();
        unproven.take(network);
      }
      return (genuine) => {
        if (isProven) provenGate.leave();
        else unproven.give(network);
        if (genuine) proven.set(key, true);
      };
    },
  };
}

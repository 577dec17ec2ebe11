import { once } from "node:events";
import { LRUCache } from "lru-cache";
import { busy } from "#platform/http/answer.ts";
import { Gate } from "#platform/values/gate.ts";
import {
  MAX_CALLBACKS,
  MAX_UNPROVEN_CALLBACKS,
  MAX_UNPROVEN_PER_NETWORK,
  MAX_UNPROVEN_WAITING,
  PROVEN_MS,
  UNPROVEN_WAIT_MS,
} from "./limits.ts";
import type { RateLimits } from "./rate-limits.ts";
import { Shares } from "./shares.ts";

/** Networks that are remembered for genuine callbacks. Providers have a few each. */
const MAX_PROVEN = 1_000;

export type CallbackPlaces = {
  /**
   * Takes a place for a callback from this network. One from an unproven network waits up to
   * UNPROVEN_WAIT_MS for a place, or for another callback to prove its network. Throws 503 if there
   * is none, or if an unproven network is above its rate. Call the result once, with whether the
   * callback proved genuine.
   */
  enter(from: { provider: string; network: string }): Promise<(genuine: boolean) => void>;
};

/**
 * The places of callbacks. Only the pay service can tell whether a callback is genuine, which costs
 * it work. A network that has sent a genuine callback of the provider has places that no one else
 * can take. The others have few, and a rate. They wait, so that the first callbacks of a provider
 * after a start, which may come together, are not refused.
 */
export function createCallbackPlaces(rates: Pick<RateLimits, "callback">): CallbackPlaces {
  const proven = new LRUCache<string, true>({ max: MAX_PROVEN, ttl: PROVEN_MS });
  const provenGate = new Gate(MAX_CALLBACKS);
  const unproven = new Shares({
    limit: MAX_UNPROVEN_CALLBACKS,
    perClient: MAX_UNPROVEN_PER_NETWORK,
  });
  const waiting = new Gate(MAX_UNPROVEN_WAITING);
  let left = Promise.withResolvers<void>();

  const enterProven = () => {
    if (!provenGate.enter()) throw busy();
    return () => provenGate.leave();
  };
  const enterUnproven = (key: string, network: string) => {
    unproven.take(network);
    return (genuine: boolean) => {
      unproven.give(network);
      if (genuine) proven.set(key, true);
      left.resolve();
      left = Promise.withResolvers();
    };
  };
  return {
    async enter({ provider, network }) {
      const key = `${provider} ${network}`;
      if (proven.has(key)) return enterProven();
      await rates.callback(network);
      if (unproven.room(network) === "room") return enterUnproven(key, network);
      if (!waiting.enter()) throw busy();
      try {
        const timeout = once(AbortSignal.timeout(UNPROVEN_WAIT_MS), "abort");
        const tooLong = timeout.then(() => Promise.reject(busy()));
        for (;;) {
          await Promise.race([left.promise, tooLong]);
          if (proven.has(key)) return enterProven();
          if (unproven.room(network) === "room") return enterUnproven(key, network);
        }
      } finally {
        waiting.leave();
      }
    },
  };
}

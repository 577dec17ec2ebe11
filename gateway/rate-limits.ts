import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { LRUCache } from "lru-cache";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { busy, HttpProblem } from "#platform/http/answer.ts";
import type { Caller } from "#platform/rpc/call.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { refused } from "./errors.ts";
import { REQUEST_BYTES_PER_CALL, UNPROVEN_CALLBACKS_PER_MINUTE } from "./limits.ts";

/** Calls per minute through this process. 0 is no limit. */
export type Rates = { perUser: number; perAddress: number; signIns: number };

export type RateLimits = {
  /**
   * Counts a call of a network, before the caller is known. Throws RESOURCE_EXHAUSTED with the time
   * to wait.
   */
  network(network: string, method: DescMethod): Promise<void>;
  /** Counts a call of a user, and throws in the same way. Other callers are not counted. */
  caller(caller: Caller): Promise<void>;
  /** Counts a large request as several more calls, of the network and of the caller. */
  size(from: { network: string; caller: Caller }, bytes: number): Promise<void>;
  /** Counts a page as so many calls of a network. Throws 429 with the time to wait. */
  page(network: string, calls: number): Promise<void>;
  /** Counts a connection above the part of a network as a call. */
  crowded(network: string): void;
  /** Counts a callback of a network that has not sent a genuine one. Throws 503 above the rate. */
  callback(network: string): Promise<void>;
  /**
   * Whether a network has gone on for so long after it was refused that its connections are closed
   * instead.
   */
  isCutOff(network: string): boolean;
};

const WINDOW_SECONDS = 60;

/**
 * Calls of a network above its rate after which its connections are closed, until the end of the
 * window: refusing costs about as much as answering.
 */
const MAX_REFUSED = 100;

/** A minute's calls all at once would keep the process busy for a second. */
const BURST_SECONDS = 1;
/** The page at /docs with its files counts as 40 calls. */
const MIN_BURST = 60;
/** Networks that are remembered as cut off: the latest ones. */
const MAX_CUT_OFF = 10_000;

/** Methods that check a password or a token. They have a lower limit, against guessing. */
const SIGN_INS: readonly DescMethod[] = [
  UserService.method.register,
  UserService.method.login,
  UserService.method.refreshSession,
];

export function createRateLimits(rates: Rates): RateLimits {
  const perUser = limiter(rates.perUser);
  const perAddress = limiter(rates.perAddress);
  const burst = burstOf(rates.perAddress);
  const bursts = limiter(burst, BURST_SECONDS);
  const signIns = limiter(rates.signIns);
  const callbacks = limiter(UNPROVEN_CALLBACKS_PER_MINUTE);
  const cutOff = new LRUCache<string, number>({ max: MAX_CUT_OFF });
  const cutOffIfTooMany = (network: string, full: RateLimiterRes | undefined, rate: number) => {
    if (full && full.consumedPoints > rate + MAX_REFUSED) {
      const untilMs = Date.now() + full.msBeforeNext;
      cutOff.set(network, Math.max(untilMs, cutOff.get(network) ?? 0));
    }
    return full;
  };
  const ofNetwork = async (network: string, calls: number) => {
    const fullBurst = await overrun(bursts, network, calls);
    cutOffIfTooMany(network, fullBurst, burst);
    const full = await overrun(perAddress, network, calls);
    return cutOffIfTooMany(network, full, rates.perAddress) ?? fullBurst;
  };
  const take = async (caller: Caller, calls: number) => {
    if (caller.kind !== "user") return;
    const full = await overrun(perUser, String(caller.userId), calls);
    if (full) throw limited("user", full);
  };
  return {
    async network(network, method) {
      const full = await ofNetwork(network, 1);
      if (full) throw limited("address", full);
      if (!SIGN_INS.includes(method)) return;
      const fullSignIns = await overrun(signIns, network, 1);
      if (fullSignIns) throw limited("sign_in", fullSignIns);
    },
    caller: (caller) => take(caller, 1),
    async size({ network, caller }, bytes) {
      const calls = Math.floor(bytes / REQUEST_BYTES_PER_CALL);
      if (calls === 0) return;
      const full = await ofNetwork(network, calls);
      if (full) throw limited("address", full);
      await take(caller, calls);
    },
    async page(network, calls) {
      const full = await ofNetwork(network, calls);
      if (!full) return;
      const headers = { "retry-after": secondsOf(full) };
      throw new HttpProblem(429, "too many requests", { close: true, headers });
    },
    crowded: (network) => void ofNetwork(network, 1),
    async callback(network) {
      const full = await overrun(callbacks, network, 1);
      cutOffIfTooMany(network, full, UNPROVEN_CALLBACKS_PER_MINUTE);
      if (full) throw busy();
    },
    isCutOff: (network) => (cutOff.get(network) ?? 0) > Date.now(),
  };
}

function limiter(points: number, seconds = WINDOW_SECONDS): RateLimiterMemory | undefined {
  if (points === 0) return undefined;
  return new RateLimiterMemory({ points, duration: seconds });
}

/** Calls of a network in one second: four times those of an average one, and at least a page. */
function burstOf(perMinute: number): number {
  return perMinute === 0 ? 0 : Math.max(MIN_BURST, Math.ceil(perMinute / 15));
}

/** Counts, and resolves to the state of the limit if it is exceeded. */
async function overrun(
  limit: RateLimiterMemory | undefined,
  key: string,
  points: number,
): Promise<RateLimiterRes | undefined> {
  try {
    await limit?.consume(key, points);
    return undefined;
  } catch (full) {
    if (!(full instanceof RateLimiterRes)) throw full;
    return full;
  }
}

function limited(scope: string, full: RateLimiterRes): ConnectError {
  const waitMs = Math.max(1, full.msBeforeNext);
  const facts = { cause: scope, retry_after_ms: String(waitMs) };
  return refused(new Refusal(Reason.RATE_LIMITED, facts), { "retry-after": secondsOf(full) });
}

function secondsOf({ msBeforeNext }: RateLimiterRes): string {
  return String(Math.ceil(Math.max(1, msBeforeNext) / 1_000));
}

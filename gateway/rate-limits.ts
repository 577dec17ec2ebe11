import { isIPv6 } from "node:net";
import type { DescMethod } from "@bufbuild/protobuf";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Caller } from "#platform/rpc/call.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { UserService } from "#proto/shop/user/v1/user_pb.ts";
import { refused } from "./errors.ts";

/** Calls per minute through this process. 0 is no limit. */
export type Rates = { perUser: number; perAddress: number; signIns: number };

export type RateLimits = {
  /**
   * Counts a call of an address, before the caller is known. Throws RESOURCE_EXHAUSTED with the
   * time to wait.
   */
  address(address: string, method: DescMethod): Promise<void>;
  /** Counts a call of a user, and throws in the same way. Other callers are not counted. */
  caller(caller: Caller): Promise<void>;
};

const WINDOW_SECONDS = 60;

/** Methods that check a password or a token. They have a lower limit, against guessing. */
const SIGN_INS: readonly DescMethod[] = [
  UserService.method.register,
  UserService.method.login,
  UserService.method.refreshSession,
];

export function createRateLimits(rates: Rates): RateLimits {
  const perUser = limiter(rates.perUser);
  const perAddress = limiter(rates.perAddress);
  const signIns = limiter(rates.signIns);
  return {
    async address(address, method) {
      const key = networkOf(address);
      await take(perAddress, key, "address");
      if (SIGN_INS.includes(method)) await take(signIns, key, "sign_in");
    },
    async caller(caller) {
      if (caller.kind === "user") await take(perUser, String(caller.userId), "user");
    },
  };
}

function limiter(points: number): RateLimiterMemory | undefined {
  if (points === 0) return undefined;
  return new RateLimiterMemory({ points, duration: WINDOW_SECONDS });
}

async function take(
  limit: RateLimiterMemory | undefined,
  key: string,
  scope: string,
): Promise<void> {
  try {
    await limit?.consume(key);
  } catch (full) {
    if (!(full instanceof RateLimiterRes)) throw full;
    const waitMs = Math.max(1, full.msBeforeNext);
    const facts = { cause: scope, retry_after_ms: String(waitMs) };
    const retryAfter = String(Math.ceil(waitMs / 1_000));
    throw refused(new Refusal(Reason.RATE_LIMITED, facts), { "retry-after": retryAfter });
  }
}

/**
 * The key under which an address is counted: an IPv4 address, or the /64 network of an IPv6
 * address, since one client usually has all addresses of its network. Accepts a port, which proxies
 * may add.
 */
export function networkOf(address: string): string {
  const [, bracketed] = /^\[(.+)\](?::\d+)?$/.exec(address) ?? [];
  const [, withPort] = /^([\d.]+):\d+$/.exec(address) ?? [];
  const [bare = ""] = (bracketed ?? withPort ?? address).split("%");
  if (!isIPv6(bare)) return bare;
  const groups = groupsOf(bare);
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 6).join() === "0,0,0,0,0,65535";
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  return groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":");
}

/** The eight groups of an IPv6 address. URL reduces its many spellings to one. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split("::").map((part) =>
    part
      .split(":")
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16)),
  );
  return [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail];
}

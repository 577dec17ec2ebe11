import { Reason, Refusal } from "#platform/values/refusal.ts";
import { decideAttempt, type Failures } from "../../domain/login-limits.ts";
import { LOGIN_LIMITS } from "../../limits.ts";
import {
  ALL_ORIGINS,
  lockAttempts,
  takeBackAttempt,
  writeAttempts,
} from "../../store/login-attempts.ts";
import type { Parts } from "../parts.ts";
import type { Device } from "./device-tokens.ts";

type Needed = Pick<Parts, "database">;
type Counts = ReadonlyMap<string, Failures>;

/** Where a login comes from: a device on which the user has logged in before, or a network. */
export type LoginOrigin = { device: Device } | { network: string };

/**
 * Counts a login as failed when it begins, so that concurrent ones count too, for all replicas.
 * Refuses with RATE_LIMITED and the time to wait. The result takes the attempt back: call it if the
 * login succeeded or was never decided.
 */
export async function beginAttempt(
  { database }: Needed,
  nameKey: string,
  origin: LoginOrigin,
): Promise<() => Promise<void>> {
  const own = "device" in origin ? `device:${origin.device.deviceId}` : `net:${origin.network}`;
  const origins = "device" in origin ? [own] : [own, ALL_ORIGINS];
  const counted = await database.transact("count-login", async (tx): Promise<Counts> => {
    const { counts, now } = await lockAttempts(tx, nameKey, origins);
    const before = { own: countOf(counts, own), overall: counts.get(ALL_ORIGINS) };
    const decision = decideAttempt(before, { limits: LOGIN_LIMITS, now });
    if (!decision.admitted) throw tooManyFailures(decision.waitMs);
    const after = new Map([[own, decision.own]]);
    if (decision.overall) after.set(ALL_ORIGINS, decision.overall);
    await writeAttempts(tx, nameKey, after);
    return after;
  });
  return () => database.transact("uncount-login", (tx) => takeBackAttempt(tx, nameKey, counted));
}

function countOf(counts: Counts, origin: string): Failures {
  const count = counts.get(origin);
  if (!count) throw new Error(`the count of logins from ${origin} was locked but has no row`);
  return count;
}

function tooManyFailures(waitMs: number): Refusal {
  return new Refusal(Reason.RATE_LIMITED, {
    cause: "failed_logins",
    retry_after_ms: String(waitMs),
  });
}

import { hash, verify } from "@node-rs/argon2";
import { gather } from "#platform/values/gather.ts";
import { MAX_HASHES_IN_FLIGHT, MAX_HASHES_WAITING } from "../limits.ts";

// Argon2id (the package's default) with the parameters that OWASP's Password Storage Cheat Sheet lists first.
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Both reject with Refusal(RATE_LIMITED) at once where too many hashes are waiting already.
 */
export type PasswordHashes = {
  /** A PHC string with a salt of its own. */
  hash(password: string): Promise<string>;
  /** Verifies all the same, and answers false, where there is no hash to compare with. */
  matches(passwordHash: string | undefined, password: string): Promise<boolean>;
};

/** Argon2 on Node's thread pool, a bounded number at once and a bounded number waiting. */
export async function openPasswordHashes(
  bounds = { inFlight: MAX_HASHES_IN_FLIGHT, waiting: MAX_HASHES_WAITING },
  argon2 = { hash, verify },
): Promise<PasswordHashes> {
  const work = gather<() => Promise<unknown>, unknown>({
    run: (jobs) => Promise.all(jobs.map((job) => job())),
    maxBatch: 1,
    maxInFlight: bounds.inFlight,
    maxQueue: bounds.waiting,
  });
  const nobodysHash = await argon2.hash(crypto.randomUUID(), PARAMETERS);
  return {
    hash: (password) => work.submit(() => argon2.hash(password, PARAMETERS)) as Promise<string>,
    async matches(passwordHash, password) {
      const matched = await work.submit(() => argon2.verify(passwordHash ?? nobodysHash, password));
      return matched === true && passwordHash !== undefined;
    },
  };
}

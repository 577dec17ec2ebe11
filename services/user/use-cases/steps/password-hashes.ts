import { hash, verify } from "@node-rs/argon2";
import { gather } from "#platform/values/gather.ts";
import { MAX_HASHES_IN_FLIGHT, MAX_HASHES_WAITING } from "../../limits.ts";

// Argon2id, the default of the package, with the first parameters of OWASP's Password Storage
// Cheat Sheet.
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Both methods reject with Refusal(RATE_LIMITED) at once if too many hashes are waiting. */
export type PasswordHashes = {
  /** A PHC string with a random salt. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password matches the hash. Without a hash it does the same work and returns false,
   * so that the duration does not reveal which names exist.
   */
  matches(passwordHash: string | undefined, password: string): Promise<boolean>;
};

/** Argon2 on Node's thread pool, with a bounded number of hashes in flight and waiting. */
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
  const unmatchable = await argon2.hash(crypto.randomUUID(), PARAMETERS);
  return {
    hash: (password) => work.submit(() => argon2.hash(password, PARAMETERS)) as Promise<string>,
    async matches(passwordHash, password) {
      const matched = await work.submit(() => argon2.verify(passwordHash ?? unmatchable, password));
      return matched === true && passwordHash !== undefined;
    },
  };
}

import { LOGIN_LIMITS, PRUNE_BATCH } from "../limits.ts";
import { pruneAttempts } from "../store/login-attempts.ts";
import type { Parts } from "./parts.ts";

/** Deletes counts of failed logins that no limit looks at. Returns whether more may be left. */
export async function pruneLoginAttempts({ database }: Pick<Parts, "database">): Promise<boolean> {
  const { overall, perOrigin } = LOGIN_LIMITS;
  const seconds = Math.max(overall.windowSeconds, perOrigin.windowSeconds);
  const deleted = await database.transact("prune-logins", (tx) =>
    pruneAttempts(tx, { seconds, batch: PRUNE_BATCH }),
  );
  return deleted === PRUNE_BATCH;
}

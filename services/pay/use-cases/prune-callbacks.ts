import { MAX_UNVERIFIED_CALLBACKS, PRUNE_BATCH } from "../limits.ts";
import { pruneUnverified } from "../store/callbacks.ts";
import type { Parts } from "./parts.ts";

/** Deletes the oldest unverified callbacks, a batch at once. Returns whether more are left. */
export async function pruneCallbacks({ database }: Pick<Parts, "database">): Promise<boolean> {
  const deleted = await database.transact("prune-callbacks", (tx) =>
    pruneUnverified(tx, { keep: MAX_UNVERIFIED_CALLBACKS, batch: PRUNE_BATCH }),
  );
  return deleted === PRUNE_BATCH;
}

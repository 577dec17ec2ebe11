import { MAX_UNPROVEN_CALLBACKS, PRUNE_BATCH } from "../limits.ts";
import { pruneUnproven } from "../store/callbacks.ts";
import type { Parts } from "./parts.ts";

/** Forgets the oldest callbacks that nobody proved to have sent. Answers whether more are waiting. */
export async function pruneCallbacks({ database }: Pick<Parts, "database">): Promise<boolean> {
  const deleted = await database.transact("prune-callbacks", (tx) =>
    pruneUnproven(tx, { keep: MAX_UNPROVEN_CALLBACKS, batch: PRUNE_BATCH }),
  );
  return deleted === PRUNE_BATCH;
}

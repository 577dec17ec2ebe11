import type { BalanceLogEntry } from "../domain/user.ts";
import * as store from "../store/logs.ts";
import type { Parts } from "./parts.ts";
import { type LogQuery, readLog } from "./read-log.ts";

/** The changes of a user's balance, newest first. */
export async function listBalanceLog(
  { database }: Parts,
  query: LogQuery,
): Promise<{ entries: BalanceLogEntry[]; nextPageToken: string }> {
  return readLog(database, query, store.listBalanceLog);
}

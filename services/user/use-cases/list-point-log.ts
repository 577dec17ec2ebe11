import type { PointLogEntry } from "../domain/user.ts";
import * as store from "../store/logs.ts";
import type { Parts } from "./parts.ts";
import { type LogQuery, readLog } from "./read-log.ts";

/** The changes of a user's points, newest first. */
export async function listPointLog(
  { database }: Parts,
  query: LogQuery,
): Promise<{ entries: PointLogEntry[]; nextPageToken: string }> {
  return readLog(database, query, store.listPointLog);
}

import type { PointLogEntry } from "../domain/points.ts";
import * as store from "../store/logs.ts";
import type { Parts } from "./parts.ts";
import { type LogQuery, readLog } from "./steps/read-log.ts";

/** A page of the changes of a user's points, newest first. Throws Refusal(USER_NOT_FOUND). */
export async function listPointLog(
  { database }: Parts,
  query: LogQuery,
): Promise<{ entries: PointLogEntry[]; nextPageToken: string }> {
  return readLog(database, query, store.listPointLog);
}

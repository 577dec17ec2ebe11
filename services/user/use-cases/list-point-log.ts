import type { PointLogEntry } from "../domain/points.ts";
import * as store from "../store/logs.ts";
import type { Parts } from "./parts.ts";
import { type LogQuery, readLog } from "./steps/read-log.ts";

/** A page of the changes of a user's points, newest first. Throws Refusal(USER_NOT_FOUND). */
export async function listPointLog(
  { database }: Parts,
  query: Omit<LogQuery, "list">,
): Promise<{ entries: PointLogEntry[]; nextPageToken: string }> {
  const list = "shop.user.v1.UserService/ListPointLog";
  return readLog(database, { ...query, list }, store.listPointLog);
}

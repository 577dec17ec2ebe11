import type { Database } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { closePage, openPage } from "#platform/values/pages.ts";
import { userNotFound } from "../../domain/user.ts";
import type { PageOf } from "../../store/logs.ts";
import { existingUsers } from "../../store/users.ts";

/** `list` is the full name of the rpc. */
export type LogQuery = { list: string; userId: bigint; pageSize: number; pageToken: string };

/** One page of one of a user's logs, newest first. Throws Refusal(USER_NOT_FOUND). */
export async function readLog<T extends { logId: bigint }>(
  database: Database,
  query: LogQuery,
  list: (database: Database, page: PageOf) => Promise<T[]>,
): Promise<{ entries: T[]; nextPageToken: string }> {
  const checks = new Checks();
  checks.identifier("user_id", query.userId);
  checks.throwIfAny();
  const page = openPage({ ...query, filters: [query.userId] });
  const before = page.cursor;
  const found = await list(database, { userId: query.userId, before, limit: page.limit });
  if (found.length === 0 && !(await existingUsers(database, [query.userId])).has(query.userId)) {
    throw userNotFound(query.userId);
  }
  return closePage(page, found, ({ logId }) => logId);
}

import type { Database } from "#platform/db/database.ts";
import { Checks } from "#platform/values/checks.ts";
import { decodePageToken, encodePageToken, pageSize } from "#platform/values/pages.ts";
import { userNotFound } from "../../domain/user.ts";
import type { PageOf } from "../../store/logs.ts";
import { existingUsers } from "../../store/users.ts";

export type LogQuery = { userId: bigint; pageSize: number; pageToken: string };

/** One page of one of a user's logs, newest first. Throws Refusal(USER_NOT_FOUND). */
export async function readLog<T extends { logId: bigint }>(
  database: Database,
  query: LogQuery,
  list: (database: Database, page: PageOf) => Promise<T[]>,
): Promise<{ entries: T[]; nextPageToken: string }> {
  const checks = new Checks();
  checks.identifier("user_id", query.userId);
  checks.throwIfAny();
  const size = pageSize(query.pageSize);
  const before = decodePageToken(query.pageToken);
  const found = await list(database, { userId: query.userId, before, limit: size + 1 });
  if (found.length === 0 && !(await existingUsers(database, [query.userId])).has(query.userId)) {
    throw userNotFound(query.userId);
  }
  const entries = found.slice(0, size);
  const last = found.length > size ? entries.at(-1) : undefined;
  return { entries, nextPageToken: last ? encodePageToken(last.logId) : "" };
}

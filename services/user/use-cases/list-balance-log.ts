import type { BalanceLogEntry } from "../domain/balance.ts";
import * as store from "../store/logs.ts";
import type { Parts } from "./parts.ts";
import { type LogQuery, readLog } from "./steps/read-log.ts";

/** A page of the changes of a user's balance, newest first. Throws Refusal(USER_NOT_FOUND). */
export async function listBalanceLog(
  { database }: Parts,
  query: Omit<LogQuery, "list">,
): Promise<{ entries: BalanceLogEntry[]; nextPageToken: string }> {
  const list = "shop.user.v1.UserService/ListBalanceLog";
  return readLog(database, { ...query, list }, store.listBalanceLog);
}

import type { Transaction } from "#platform/db/database.ts";
import { insertRows, updateSql } from "#platform/db/rows.ts";
import { NOW } from "#platform/db/sql.ts";
import type { RowOf } from "#platform/db/tables.ts";
import type { Session } from "../domain/session.ts";
import { SESSIONS } from "./entities.ts";

const ID = SESSIONS.pick("sessionId");

/** A session, locked until the transaction ends, and the database's time, which decides its age. */
export async function lockSession(
  tx: Transaction,
  sessionId: bigint,
): Promise<{ session: Session; now: Date } | undefined> {
  const [row] = await tx.select<RowOf<typeof SESSIONS> & { now: Date }>(
    `select ${SESSIONS.sql}, now(3) as now from sessions where session_id = ? for update`,
    [sessionId],
  );
  if (!row) return undefined;
  const { now, ...session } = row;
  return { session, now };
}

/** Locks a user against concurrent logins and returns the database's time. */
export async function lockUserForLogin(tx: Transaction, userId: bigint): Promise<Date> {
  const [row] = await tx.select<{ now: Date }>(
    "select now(3) as now from users where user_id = ? for update",
    [userId],
  );
  if (!row) throw new Error(`user ${userId} does not exist, although the password matched`);
  return row.now;
}

/** Deletes a user's sessions that have ended or expired. They never become live again. */
export async function deleteDeadSessions(tx: Transaction, userId: bigint, now: Date) {
  await tx.write(
    "delete from sessions where user_id = ? and (ended_time is not null or expire_time <= ?)",
    [userId, now],
  );
}

/** The sessions of a user, oldest first. */
export async function sessionIdsOf(tx: Transaction, userId: bigint): Promise<bigint[]> {
  const rows = await tx.select<RowOf<typeof ID>>(
    `select ${ID.sql} from sessions where user_id = ? order by session_id`,
    [userId],
  );
  return rows.map(({ sessionId }) => sessionId);
}

export async function insertSession(tx: Transaction, session: Session): Promise<void> {
  await insertRows(tx, SESSIONS, ["sessionId", "userId", "generation", "expireTime"], [session]);
}

/** Moves a session that this transaction has locked to its next generation. */
export async function rotateSession(tx: Transaction, { sessionId, generation }: Session) {
  const matched = await tx.change(
    `update sessions set generation = generation + 1, rotated_time = now(3)
     where session_id = ? and generation = ? and ended_time is null`,
    [sessionId, generation],
  );
  if (matched !== 1) {
    throw new Error(`session ${sessionId} changed while this transaction had locked it`);
  }
}

/** Ends sessions; those that have ended already stay as they are. */
export async function endSessions(tx: Transaction, sessionIds: readonly bigint[]): Promise<void> {
  if (sessionIds.length === 0) return;
  const live = { sessionId: sessionIds, endedTime: null };
  await tx.write(updateSql(SESSIONS, { endedTime: NOW }, live));
}

import type { Transaction } from "#platform/db/database.ts";
import { NOW } from "#platform/db/sql.ts";
import { insertRows } from "#platform/db/statements.ts";
import type { Session } from "../domain/session.ts";

type SessionRow = {
  session_id: bigint;
  user_id: bigint;
  generation: bigint;
  rotated_time: Date;
  expire_time: Date;
  ended_time: Date | null;
  time_now: Date;
};

/** A session, locked until the transaction ends, and the database's time, which decides its age. */
export async function lockSession(
  tx: Transaction,
  sessionId: bigint,
): Promise<{ session: Session; now: Date } | undefined> {
  const [row] = await tx.select<SessionRow>(
    `select session_id, user_id, generation, rotated_time, expire_time, ended_time, now(3) as time_now
     from sessions where session_id = ? for update`,
    [sessionId],
  );
  return row && { session: sessionOf(row), now: row.time_now };
}

/** Locks a user against concurrent logins and returns the database's time. */
export async function lockUserForLogin(tx: Transaction, userId: bigint): Promise<Date> {
  const [row] = await tx.select<{ time_now: Date }>(
    "select now(3) as time_now from users where user_id = ? for update",
    [userId],
  );
  if (row === undefined)
    throw new Error(`user ${userId} does not exist, although the password matched`);
  return row.time_now;
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
  const rows = await tx.select<{ session_id: bigint }>(
    "select session_id from sessions where user_id = ? order by session_id",
    [userId],
  );
  return rows.map((row) => row.session_id);
}

export async function insertSession(tx: Transaction, session: Session): Promise<void> {
  await insertRows(tx, "sessions", [
    {
      session_id: session.sessionId,
      user_id: session.userId,
      generation: session.generation,
      rotated_time: session.rotatedTime,
      expire_time: session.expireTime,
    },
  ]);
}

/** Moves a session that this transaction has locked to its next generation. */
export async function rotateSession(tx: Transaction, { sessionId, generation }: Session) {
  const matched = await tx.change(
    `update sessions set generation = generation + 1, rotated_time = now(3)
     where session_id = ? and generation = ? and ended_time is null`,
    [sessionId, generation],
  );
  if (matched !== 1)
    throw new Error(`session ${sessionId} changed while this transaction had locked it`);
}

/** Ends sessions; those that have ended already stay as they are. */
export async function endSessions(tx: Transaction, sessionIds: readonly bigint[]): Promise<void> {
  if (sessionIds.length === 0) return;
  await tx.write(
    "update sessions set ended_time = ? where session_id in (?) and ended_time is null",
    [NOW, sessionIds],
  );
}

function sessionOf(row: SessionRow): Session {
  return {
    sessionId: row.session_id,
    userId: row.user_id,
    generation: row.generation,
    rotatedTime: row.rotated_time,
    expireTime: row.expire_time,
    endedTime: row.ended_time ?? undefined,
  };
}

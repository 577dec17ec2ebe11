import type { Connection } from "mysql2/promise";

/** Ends all sessions of a database user. They keep the password and the grants that they had. */
export async function endSessions(connection: Connection, user: string): Promise<void> {
  const sql = "select id from information_schema.processlist where user = ?";
  const [rows] = await connection.query(sql, [user]);
  for (const { id } of rows as { id: number }[]) {
    await connection.query("kill connection ?", [id]).catch((error: { errno?: number }) => {
      if (error.errno !== NO_SUCH_THREAD) throw error;
    });
  }
}

/** The session has ended meanwhile. */
const NO_SUCH_THREAD = 1094;

/** Changes the password of a database user. */
export async function setPassword(
  connection: Connection,
  user: string,
  password: string,
): Promise<void> {
  const [rows] = await connection.query("select version() as version");
  const isMariaDb = String((rows as { version: string }[])[0]?.version).includes("MariaDB");
  // MariaDB takes a hash, MySQL the text.
  const value = isMariaDb ? `password('${password}')` : `'${password}'`;
  await connection.query(`set password for ${user} = ${value}`);
}

import mysql from "mysql2/promise";
import { SERVICES, type ServiceName } from "#proto/services.ts";

/** A row of a service's parked_messages. */
export type ParkedMessage = {
  service: ServiceName;
  consumer: string;
  /** The event's id, or "stream:sequence:milliseconds" of a message that has none. */
  key: string;
  eventId: string | null;
  subject: string;
  headers: Record<string, string>;
  payload: Buffer;
  /** "parked" waits for a person; "retrying" is tried again by the service itself. */
  state: "parked" | "retrying";
  attempts: number;
  error: string;
  firstTime: Date;
  lastTime: Date;
};

export type ParkedMessages = {
  /** Of all five services, the oldest first. */
  list(): Promise<ParkedMessage[]>;
  /** Gives a message its attempts back, and says that it is being retried. */
  markRetrying(message: ParkedMessage): Promise<void>;
  /** Takes that back: nobody is going to retry it. */
  markParked(message: ParkedMessage): Promise<void>;
  close(): Promise<void>;
};

type Row = Omit<ParkedMessage, "service" | "headers" | "state"> & {
  headers: string;
  state: number;
};

const RETRYING = 1;
const PARKED = 2;
const connectTimeout = 5_000;
/** A service that has never run has no schema yet. */
const missing = new Set(["ER_BAD_DB_ERROR", "ER_NO_SUCH_TABLE"]);

export async function openParkedMessages(options: {
  mysqlUrl: string;
  namespace: string;
}): Promise<ParkedMessages> {
  const connection = await mysql.createConnection({
    uri: options.mysqlUrl,
    connectTimeout,
    timezone: "Z",
    charset: "utf8mb4",
    supportBigNumbers: true,
    bigNumberStrings: true,
  });
  const tableOf = (service: ServiceName) =>
    `${mysql.escapeId(`${options.namespace}_${service}`)}.parked_messages`;

  async function listOf(service: ServiceName): Promise<ParkedMessage[]> {
    try {
      const [rows] = await connection.query(
        `select consumer, message_key as \`key\`, event_id as eventId, subject, headers, payload, state,
           attempts, error, first_time as firstTime, last_time as lastTime from ${tableOf(service)}
         order by first_time, message_key`,
      );
      return (rows as Row[]).map((row) => ({
        ...row,
        service,
        headers: JSON.parse(row.headers),
        state: row.state === PARKED ? "parked" : "retrying",
      }));
    } catch (error) {
      if (missing.has((error as { code?: string }).code ?? "")) return [];
      throw error;
    }
  }

  async function mark(message: ParkedMessage, state: number): Promise<void> {
    const attempts = state === RETRYING ? 0 : message.attempts;
    await connection.query(
      `update ${tableOf(message.service)} set state = ?, attempts = ? where consumer = ? and message_key = ?`,
      [state, attempts, message.consumer, message.key],
    );
  }

  return {
    async list() {
      const found: ParkedMessage[] = [];
      for (const service of SERVICES) found.push(...(await listOf(service)));
      return found.sort((a, b) => a.firstTime.getTime() - b.firstTime.getTime());
    },
    markRetrying: (message) => mark(message, RETRYING),
    markParked: (message) => mark(message, PARKED),
    close: () => connection.end(),
  };
}

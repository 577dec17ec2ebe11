import { escapeId } from "mysql2/promise";
import { ParkedCause, ParkedState } from "#platform/events/parked.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";
import { connectDatabase, schemasOf } from "../command/database.ts";

/** A message whose handler fails: a row of a service's table parked_messages. */
export type ParkedMessage = {
  service: ServiceName;
  consumer: string;
  /** The event's id, or "stream:sequence:milliseconds" of a message without one. */
  key: string;
  eventId: string | null;
  subject: string;
  headers: Record<string, string>;
  payload: Buffer;
  /** "retrying": the service tries again; "parked": it is set aside, see `cause`. */
  state: "parked" | "retrying";
  /**
   * Why it is parked. "message": it waits for an operator. "outage": nothing else was handled
   * meanwhile, so the service restarts it. "unknown", also restarted: an earlier release parked it.
   */
  cause: "message" | "outage" | "unknown";
  attempts: number;
  error: string;
  firstTime: Date;
  lastTime: Date;
};

export type ParkedMessages = {
  /** All messages of the five services, oldest first. */
  list(): Promise<ParkedMessage[]>;
  /** Resets the attempts and marks the message as retrying. */
  markRetrying(message: ParkedMessage): Promise<void>;
  /** Undoes `markRetrying`. */
  markParked(message: ParkedMessage): Promise<void>;
  close(): Promise<void>;
};

type Row = Omit<ParkedMessage, "service" | "headers" | "state" | "cause"> & {
  headers: string;
  state: number;
  cause: number;
};

/** A service that has never run has no schema yet. */
const MISSING = new Set(["ER_BAD_DB_ERROR", "ER_NO_SUCH_TABLE"]);

export async function openParkedMessages(options: {
  mysqlUrl: string;
  namespace: string;
}): Promise<ParkedMessages> {
  const connection = await connectDatabase(options.mysqlUrl);
  const schemas = schemasOf(options.namespace);
  const tableOf = (service: ServiceName) => `${escapeId(schemas[service])}.parked_messages`;

  async function listOf(service: ServiceName): Promise<ParkedMessage[]> {
    try {
      const [rows] = await connection.query(
        `select consumer, message_key as \`key\`, event_id as eventId, subject, headers, payload, state,
           cause, attempts, error, first_time as firstTime, last_time as lastTime from ${tableOf(service)}
         order by first_time, message_key`,
      );
      return (rows as Row[]).map((row) => ({
        ...row,
        service,
        headers: JSON.parse(row.headers),
        state: row.state === ParkedState.PARKED ? "parked" : "retrying",
        cause: nameOf(row.cause),
      }));
    } catch (error) {
      if (MISSING.has((error as { code?: string }).code ?? "")) return [];
      throw error;
    }
  }

  async function mark(message: ParkedMessage, state: number): Promise<void> {
    const retrying = state === ParkedState.RETRYING;
    const attempts = retrying ? 0 : message.attempts;
    // The time from which the failures count that decide about the cause.
    const firstTime = retrying ? "now(3)" : "first_time";
    await connection.query(
      `update ${tableOf(message.service)} set state = ?, attempts = ?, first_time = ${firstTime}
       where consumer = ? and message_key = ?`,
      [state, attempts, message.consumer, message.key],
    );
  }

  return {
    async list() {
      const found: ParkedMessage[] = [];
      for (const service of SERVICES) found.push(...(await listOf(service)));
      return found.sort((a, b) => a.firstTime.getTime() - b.firstTime.getTime());
    },
    markRetrying: (message) => mark(message, ParkedState.RETRYING),
    markParked: (message) => mark(message, ParkedState.PARKED),
    close: () => connection.end(),
  };
}

function nameOf(cause: number): ParkedMessage["cause"] {
  if (cause === ParkedCause.MESSAGE) return "message";
  return cause === ParkedCause.OUTAGE ? "outage" : "unknown";
}

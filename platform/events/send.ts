import type { Log } from "../telemetry/log.ts";
import type { Broker } from "./broker.ts";
import type { OutboxRow } from "./outbox-table.ts";

/** Publishes rows, pipelined, each under its message id; answers for each whether the stream has it. */
export async function send(
  { broker, log }: { broker: Broker; log: Log },
  rows: OutboxRow[],
  messageId: (row: OutboxRow) => string,
): Promise<boolean[]> {
  const outcomes = await Promise.allSettled(
    rows.map((row) =>
      broker.publish({
        fact: row.fact,
        headers: {
          "Nats-Msg-Id": messageId(row),
          "Shop-Event-Id": String(row.event_id),
          "Shop-Event-Type": row.event_type,
          "Shop-Order-Id": String(row.order_id),
          ...(row.traceparent && { traceparent: row.traceparent }),
        },
        body: row.payload,
      }),
    ),
  );
  const failed = outcomes.findIndex((outcome) => outcome.status === "rejected");
  if (failed >= 0) {
    const { reason } = outcomes[failed] as PromiseRejectedResult;
    log.warn(
      { err: reason, of: rows.length },
      "events could not be published, they stay in the outbox",
    );
    // The likely cause that we can mend: a broker that lost its store.
    await broker.ensureStream((rows[failed] as OutboxRow).fact).catch(() => {});
  }
  return outcomes.map((outcome) => outcome.status === "fulfilled");
}

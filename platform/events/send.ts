import type { Log } from "../telemetry/log.ts";
import type { Broker } from "./broker.ts";
import type { OutboxRow } from "./outbox-table.ts";

/**
 * Publishes rows, pipelined, each under the message id that `messageId` returns. Returns for each
 * row whether the stream has stored it. Never throws.
 */
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
          "Shop-Event-Id": String(row.eventId),
          "Shop-Event-Type": row.eventType,
          "Shop-Order-Id": String(row.aggregateId),
          ...(row.traceparent && { traceparent: row.traceparent }),
        },
        body: row.payload,
      }),
    ),
  );
  const failed = outcomes.findIndex(({ status }) => status === "rejected");
  if (failed >= 0) {
    const { reason } = outcomes[failed] as PromiseRejectedResult;
    log.warn({ err: reason, of: rows.length }, "events not published, they stay in the outbox");
    // A broker that lost its store has lost the stream too; this is the cause that can be mended.
    await broker.ensureStream((rows[failed] as OutboxRow).fact).catch(() => {});
  }
  return outcomes.map(({ status }) => status === "fulfilled");
}

import { setTimeout as pause } from "node:timers/promises";
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";

/** Messages of one pull, and therefore of one batch. */
const MAX_MESSAGES = 256;
const PULL_EXPIRES_MS = 5_000;
/**
 * A pull is abandoned this long after it expired, even without a status from the server:
 * nats-server 2.9 sometimes sends none. The client alone notices only after two missed heartbeats,
 * and messages published meanwhile would wait for 5 s.
 */
const PULL_OVERDUE_MS = 300;
/**
 * The batches of a consumer begin at least this far apart. The first message after a pause is
 * handled at once. Messages in quick succession share transactions, even if the service could just
 * keep up with a transaction for each.
 */
const BATCH_EVERY_MS = 40;

/**
 * Pulls once, and settles what arrives in batches, one after the other. Resolves when the pull has
 * expired and its last batch is settled. Rejects if the pull or `settle` fails.
 */
export async function pullBatches(
  consumer: Consumer,
  stopping: AbortSignal,
  settle: (batch: JsMsg[]) => Promise<void>,
): Promise<void> {
  const messages = await consumer.fetch({ max_messages: MAX_MESSAGES, expires: PULL_EXPIRES_MS });
  const stop = () => messages.stop();
  stopping.addEventListener("abort", stop);
  // A status may be waiting in the socket if the process was busy, so read it before giving up.
  const overdue = setTimeout(() => setImmediate(stop), PULL_EXPIRES_MS + PULL_OVERDUE_MS);
  try {
    await settleArriving(messages, stopping, settle);
  } finally {
    stopping.removeEventListener("abort", stop);
    clearTimeout(overdue);
  }
}

async function settleArriving(
  messages: ConsumerMessages,
  stopping: AbortSignal,
  settle: (batch: JsMsg[]) => Promise<void>,
): Promise<void> {
  let arrived: JsMsg[] = [];
  let settling: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;
  const settleArrived = async () => {
    // Messages of the same turn of the event loop belong together.
    await new Promise(setImmediate);
    while (arrived.length > 0) {
      const batch = arrived;
      arrived = [];
      const begunMs = performance.now();
      await settle(batch);
      const restMs = BATCH_EVERY_MS - (performance.now() - begunMs);
      if (restMs > 0) await pause(restMs, undefined, { signal: stopping }).catch(() => {});
    }
    settling = undefined;
  };
  try {
    for await (const message of messages) {
      arrived.push(message);
      settling ??= settleArrived().catch((error: unknown) => {
        failure ??= { error };
        messages.stop();
      });
    }
  } finally {
    await settling;
  }
  if (failure) throw failure.error;
}

import { setTimeout as pause } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { readMotion } from "../../../ops/audit/motion.ts";
import { openSnapshot } from "../../../ops/audit/snapshot.ts";
import type { System } from "../../../testbed/system/system.ts";
import { auditScope } from "./books.ts";
import { readProviders } from "./providers.ts";

const LOOK_EVERY_MS = 250;

/**
 * What is in motion, by kind. When all counts are 0, the shop does nothing further without a
 * request.
 */
export type Motion = Record<string, number>;

/**
 * Waits until nothing is in motion, or until `untilMs`. Resolves to whether the shop is quiet, and
 * to what was in motion last. A failed inspection counts as motion.
 */
export async function untilQuiet(
  system: System,
  { untilMs, signal }: { untilMs: number; signal?: AbortSignal | undefined },
): Promise<{ isQuiet: boolean; last: Motion }> {
  let last: Motion = {};
  for (;;) {
    const motion = await motionOf(system).catch((error: Error) => ({ [error.message]: 1 }));
    const moving = Object.entries(motion).filter(([, count]) => count > 0);
    if (moving.length === 0) return { isQuiet: true, last };
    last = Object.fromEntries(moving);
    if (Date.now() > untilMs || signal?.aborted) return { isQuiet: false, last };
    await pause(LOOK_EVERY_MS);
  }
}

async function motionOf(system: System): Promise<Motion> {
  // Cheap inspections first, and the first that finds motion ends the round: most rounds find much.
  for (const look of [shopMotion, moneyMotion, brokerMotion]) {
    const motion = await look(system);
    if (Object.values(motion).some((count) => count > 0)) return motion;
  }
  return {};
}

/** Orders, events, refunds and messages in motion, as the audit counts them. */
async function shopMotion(system: System): Promise<Motion> {
  const scope = auditScope(system);
  const snapshot = await openSnapshot({ url: system.database.url, scope, provider: undefined });
  try {
    const { changedOrders: _, ...motion } = await readMotion(snapshot, {
      ...scope,
      quietSeconds: 0,
    });
    return motion;
  } finally {
    await snapshot.close();
  }
}

/** What shop or provider will still do about payments. */
async function moneyMotion(system: System): Promise<Motion> {
  const { sql } = system;
  const count = async (service: "order" | "pay", from: string) => {
    const [row] = await sql<{ n: bigint }>(service, `select count(*) as n from ${from}`);
    return Number(row?.n ?? 0);
  };
  const { payments, waitingCallbacks, pendingRefunds } = await readProviders(system);
  const open = await sql<{ id: bigint }>(
    "pay",
    "select payment_id as id from payments where status = 1",
  );
  const isOpen = new Set(open.map(({ id }) => String(id)));
  return {
    requestedRefunds: await count("order", "refunds where status = 1"),
    overdueOrders: await count(
      "order",
      "orders where order_status = 2 and pay_status = 1 and pay_deadline < now(3)",
    ),
    closingPayments: await count("pay", "payments where status = 1 and closing = 1"),
    paidAtProviderOnly: payments.filter(
      ({ paymentId, state }) => state === "paid" && isOpen.has(paymentId),
    ).length,
    pendingRefunds,
    waitingCallbacks,
  };
}

/** Messages that a durable consumer has not received or not acknowledged. */
async function brokerMotion({ brokers, namespace }: System): Promise<Motion> {
  const [first] = brokers.nodes;
  const url = new URL(first?.url ?? "");
  const connection = await connect({
    servers: url.host,
    user: url.username,
    pass: url.password,
    timeout: 3_000,
    reconnect: false,
  });
  try {
    const manager = await jetstreamManager(connection);
    const motion: Motion = {};
    for await (const stream of manager.streams.names()) {
      if (!stream.startsWith(`${namespace.toUpperCase()}_`)) continue;
      for await (const consumer of manager.consumers.list(stream)) {
        const { name, num_pending: pending, num_ack_pending: unacknowledged } = consumer;
        motion[`messages for ${name}`] = pending + unacknowledged;
      }
    }
    return motion;
  } finally {
    await connection.close();
  }
}

import { randomUUID } from "node:crypto";
import type { Log } from "../telemetry/log.ts";
import { LeaseLost, type Snowflake, snowflake, WORKER_COUNT } from "../values/snowflake.ts";
import type { Database } from "./database.ts";
import { periodically } from "./periodic.ts";

export type Identifiers = {
  /** A new identifier, unique among all services and replicas. Throws an Outage while no lease is held. */
  next(): bigint;
  /** Gives the worker number back. */
  stop(): Promise<void>;
};

/** Each service has worker numbers of its own, so that identifiers of different services differ too. */
const WORKERS_PER_SERVICE = WORKER_COUNT / 8;
const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 10_000;
/** The holder stops this much before others may start: clocks of process and database run at slightly other speeds. */
const MARGIN_MS = 5_000;

/** Does not jump when the machine's clock is set: the wall clock at the start, plus what has passed since. */
const nowMs = () => performance.timeOrigin + performance.now();

/**
 * Leases a worker number for this replica from the service's schema, and keeps renewing it. A replica that cannot renew
 * (database away, process stopped for a minute) makes no identifiers after its lease, and takes a new one when it can.
 */
export async function leaseIdentifiers(
  database: Database,
  options: { service: string; serviceNumber: number; log: Log },
): Promise<Identifiers> {
  const firstWorker = options.serviceNumber * WORKERS_PER_SERVICE;
  const owner = randomUUID();
  let held: { workerId: number; generator: Snowflake } | undefined;

  const acquire = async () => {
    const askedAt = nowMs();
    const { workerId, startMs, ceilingMs } = await database.transact("lease-worker", async (tx) => {
      const rows = await tx.select<{ worker_id: number; high_water_ms: bigint; free: number }>(
        `select worker_id, high_water_ms, leased_until <= now(3) as free from snowflake_workers
         where worker_id between ? and ? order by worker_id for update`,
        [firstWorker, firstWorker + WORKERS_PER_SERVICE - 1],
      );
      const free = rows.find((row) => row.free);
      const workerId = free?.worker_id ?? firstWorker + rows.length;
      if (workerId >= firstWorker + WORKERS_PER_SERVICE) {
        throw new LeaseLost(`all ${WORKERS_PER_SERVICE} worker numbers are leased`);
      }
      const startMs = Number(free?.high_water_ms ?? 0n);
      const ceilingMs = Math.ceil(Math.max(askedAt, startMs)) + LEASE_MS;
      // A new number is inserted, never overwritten: of two replicas that want it at once, one is run again.
      const change = free
        ? `update snowflake_workers set owner = ?, leased_until = now(3) + interval ? microsecond,
             high_water_ms = ? where worker_id = ?`
        : `insert into snowflake_workers (owner, leased_until, high_water_ms, worker_id)
           values (?, now(3) + interval ? microsecond, ?, ?)`;
      await tx.change(change, [owner, LEASE_MS * 1_000, ceilingMs, workerId]);
      return { workerId, startMs, ceilingMs };
    });
    const generator = snowflake({ workerId, startMs, nowMs });
    generator.extend({ ceilingMs, validUntilMs: askedAt + LEASE_MS - MARGIN_MS });
    held = { workerId, generator };
  };

  const renew = async () => {
    if (!held) return acquire();
    const { workerId, generator } = held;
    const askedAt = nowMs();
    const ceilingMs = Math.ceil(Math.max(askedAt, generator.lastMs())) + LEASE_MS;
    const matched = await database.transact("renew-worker", (tx) =>
      tx.change(
        `update snowflake_workers set leased_until = now(3) + interval ? microsecond, high_water_ms = ?
         where worker_id = ? and owner = ? and leased_until > now(3)`,
        [LEASE_MS * 1_000, ceilingMs, workerId, owner],
      ),
    );
    if (matched === 1) {
      generator.extend({ ceilingMs, validUntilMs: askedAt + LEASE_MS - MARGIN_MS });
    } else {
      options.log.warn({ workerId }, "the worker number's lease ended, taking a new one");
      held = undefined;
      await acquire();
    }
  };

  await acquire();
  const renewal = periodically({
    name: "renew-worker",
    everyMs: RENEW_EVERY_MS,
    log: options.log,
    work: async () => {
      await renew();
      return false;
    },
  });

  return {
    next() {
      if (!held) throw new LeaseLost("no worker number is held");
      return held.generator.next();
    },
    async stop() {
      await renewal.stop();
      if (!held) return;
      const { workerId, generator } = held;
      held = undefined;
      await database.transact("return-worker", (tx) =>
        tx.change(
          `update snowflake_workers set leased_until = now(3), high_water_ms = ?
           where worker_id = ? and owner = ?`,
          [Math.ceil(generator.lastMs()), workerId, owner],
        ),
      );
    },
  };
}

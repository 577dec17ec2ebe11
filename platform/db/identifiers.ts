import { randomUUID } from "node:crypto";
import { defineEntity, p } from "@mikro-orm/mysql";
import type { Log } from "../telemetry/log.ts";
import { LeaseLost, type Snowflake, snowflake, WORKER_COUNT } from "../values/snowflake.ts";
import type { Database, Transaction } from "./database.ts";
import { periodically } from "./periodic.ts";
import { insertRows, updateSql } from "./rows.ts";
import { expression, NOW } from "./sql.ts";
import { type RowOf, tableOf } from "./tables.ts";

export type Identifiers = {
  /** A new identifier, unique in the shop. Throws LeaseLost, an Outage, while no lease is held. */
  next(): bigint;
  /** Returns the worker number, so that another replica may lease it at once. */
  stop(): Promise<void>;
};

export const WorkerEntity = defineEntity({
  name: "SnowflakeWorker",
  tableName: "snowflake_workers",
  properties: {
    workerId: p.integer().primary(),
    owner: p.string(),
    leasedUntil: p.datetime(3),
    /** No holder so far has made an identifier with a later time than this. */
    highWaterMs: p.bigint(),
  },
});
const WORKERS = tableOf(WorkerEntity);
const WORKER = WORKERS.pick("workerId", "highWaterMs", "leasedUntil");

/** Each service has worker numbers of its own, so identifiers of different services differ too. */
const WORKERS_PER_SERVICE = WORKER_COUNT / 8;
const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 10_000;
/** The holder stops earlier than others may start, because clocks run at different speeds. */
const MARGIN_MS = 5_000;
const LEASE_END = expression(`now(3) + interval ${LEASE_MS * 1_000} microsecond`);

/**
 * The wall clock at the start of the process plus the time since. Setting the clock does not move
 * it.
 */
const nowMs = () => performance.timeOrigin + performance.now();

/**
 * Leases a worker number for this replica from the service's schema, and keeps renewing the lease.
 * A replica that cannot renew, because the database is away or the process was stopped for a
 * minute, makes no identifiers after the end of its lease, and leases another number when it can.
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
    const lease = await database.transact("lease-worker", (tx) =>
      leaseWorker(tx, { firstWorker, owner, askedAt }),
    );
    const { workerId, startMs, ceilingMs } = lease;
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
        `update snowflake_workers set leased_until = ?, high_water_ms = ?
         where worker_id = ? and owner = ? and leased_until > now(3)`,
        [LEASE_END, ceilingMs, workerId, owner],
      ),
    );
    if (matched === 1) {
      generator.extend({ ceilingMs, validUntilMs: askedAt + LEASE_MS - MARGIN_MS });
    } else {
      options.log.warn({ workerId }, "the lease of the worker number expired, leasing a new one");
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
      if (!held) throw new LeaseLost("no worker number is leased; it is leased again soon");
      return held.generator.next();
    },
    async stop() {
      await renewal.stop();
      if (!held) return;
      const { workerId, generator } = held;
      held = undefined;
      const changes = { leasedUntil: NOW, highWaterMs: BigInt(Math.ceil(generator.lastMs())) };
      await database.transact("return-worker", (tx) =>
        tx.write(updateSql(WORKERS, changes, { workerId, owner })),
      );
    },
  };
}

/**
 * Takes over a number whose lease has ended, or a new one. `startMs` is the time from which on its
 * identifiers are new, `ceilingMs` the one up to which the lease allows them.
 */
async function leaseWorker(
  tx: Transaction,
  { firstWorker, owner, askedAt }: { firstWorker: number; owner: string; askedAt: number },
): Promise<{ workerId: number; startMs: number; ceilingMs: number }> {
  // Compared here: in a result, a comparison is INT on MariaDB and BIGINT on MySQL.
  const rows = await tx.select<RowOf<typeof WORKER> & { now: Date }>(
    `select ${WORKER.sql}, now(3) as now from snowflake_workers
     where worker_id between ? and ? order by worker_id for update`,
    [firstWorker, firstWorker + WORKERS_PER_SERVICE - 1],
  );
  const free = rows.find(({ leasedUntil, now }) => leasedUntil <= now);
  const workerId = free?.workerId ?? firstWorker + rows.length;
  if (workerId >= firstWorker + WORKERS_PER_SERVICE) {
    throw new LeaseLost(`all ${WORKERS_PER_SERVICE} worker numbers of the service are leased`);
  }
  const startMs = Number(free?.highWaterMs ?? 0n);
  const ceilingMs = Math.ceil(Math.max(askedAt, startMs)) + LEASE_MS;
  if (free) {
    await tx.write(
      `update snowflake_workers set owner = ?, leased_until = ?, high_water_ms = ?
       where worker_id = ?`,
      [owner, LEASE_END, ceilingMs, workerId],
    );
  } else {
    // Two replicas that want the same new number collide on its key, and one of them runs again.
    const highWaterMs = BigInt(ceilingMs);
    await insertRows(
      tx,
      WORKERS,
      ["workerId", "owner", "leasedUntil", "highWaterMs"],
      [{ workerId, owner, leasedUntil: LEASE_END, highWaterMs }],
    );
  }
  return { workerId, startMs, ceilingMs };
}

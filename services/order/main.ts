import { type Periodic, periodically } from "#platform/db/periodic.ts";
import { createVersionWatch } from "#platform/db/version-watch.ts";
import { inboxClient } from "#platform/events/inbox-rpc.ts";
import { startOutbox } from "#platform/events/outbox.ts";
import { serviceTargets } from "#platform/rpc/service-targets.ts";
import { runService } from "#platform/service/run.ts";
import { type Built, type Ground, startService } from "#platform/service/start-service.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { EVENTS } from "#proto/events.ts";
import { couponClient } from "./clients/coupon.ts";
import { goodsClient } from "./clients/goods.ts";
import { payClient } from "./clients/pay.ts";
import { userClient } from "./clients/user.ts";
import { type OrderConfig, orderConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import {
  CLOSE_TIMEOUT_MS,
  COMPLETE_EVERY_MS,
  EXPIRE_EVERY_MS,
  MAX_WATCHERS,
  RECOVER_EVERY_MS,
  STEP_TIMEOUT_MS,
  WATCH_POLL_MS,
} from "./limits.ts";
import { orderImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { migrations } from "./store/migrations/index.ts";
import { readVersions } from "./store/read-orders.ts";
import { completeOrders } from "./use-cases/complete-orders.ts";
import { expireOrders } from "./use-cases/expire-orders.ts";
import { createPlaceOrder } from "./use-cases/place-order.ts";
import { recoverOrders } from "./use-cases/recover-orders.ts";

function start(env: Record<string, string | undefined> = process.env) {
  const config = orderConfig(env);
  return startService({
    config,
    entities,
    migrations,
    build: (ground) => build(config, ground),
  });
}

function build(config: OrderConfig, { database, identifiers, broker, log }: Ground): Built {
  const { shipping, currencyCode, pointsPerUnit } = config;
  const { payDeadlineSeconds, abandonedAfterSeconds, completeAfterDays } = config;
  const target = serviceTargets(config, log);
  const clients = {
    goods: goodsClient(target("goods", STEP_TIMEOUT_MS)),
    coupon: couponClient(target("coupon", STEP_TIMEOUT_MS)),
    user: userClient(target("user", STEP_TIMEOUT_MS)),
    pay: payClient(target("pay", CLOSE_TIMEOUT_MS)),
  };
  const inboxes = {
    goods: inboxClient(target("goods", STEP_TIMEOUT_MS)),
    coupon: inboxClient(target("coupon", STEP_TIMEOUT_MS)),
    user: inboxClient(target("user", STEP_TIMEOUT_MS)),
    pay: inboxClient(target("pay", STEP_TIMEOUT_MS)),
  };
  const outbox = startOutbox({
    events: EVENTS.order,
    inboxes,
    identifiers,
    database,
    broker,
    log,
  });
  const parts = {
    database,
    identifiers,
    outbox,
    ...clients,
    watch: createVersionWatch({
      readVersions: (orderIds) => readVersions(database, orderIds),
      pollMs: WATCH_POLL_MS,
      maxWatchers: MAX_WATCHERS,
    }),
    rules: {
      kept: { currencyCode, pointsPerUnit },
      shipping,
      payDeadlineSeconds,
      abandonedAfterSeconds,
      completeAfterDays,
    },
  };
  const placing = createPlaceOrder(parts);
  return {
    implementations: [orderImplementation(parts, placing)],
    subscriptions: subscriptions(parts),
    background: [
      { stop: () => placing.idle() },
      sweepPeriodically("recover-orders", log, {
        everyMs: RECOVER_EVERY_MS,
        sweep: () => recoverOrders(parts),
        message: "orders cancelled",
      }),
      sweepPeriodically("expire-orders", log, {
        everyMs: EXPIRE_EVERY_MS,
        sweep: () => expireOrders(parts),
        message: "orders cancelled",
      }),
      sweepPeriodically("complete-orders", log, {
        everyMs: COMPLETE_EVERY_MS,
        sweep: () => completeOrders(parts),
        message: "orders completed",
      }),
      outbox,
      ...Object.values(clients).map(({ close }) => ({ stop: async () => close() })),
    ],
  };
}

type Sweep = {
  everyMs: number;
  sweep: () => Promise<{ orderIds: bigint[]; more: boolean }>;
  /** Logged with the ids of the orders. */
  message: string;
};

function sweepPeriodically(name: string, log: Log, { everyMs, sweep, message }: Sweep): Periodic {
  const work = async () => {
    const { orderIds, more } = await sweep();
    if (orderIds.length > 0) log.info({ orderIds: orderIds.map(String), work: name }, message);
    return more;
  };
  return periodically({ name, everyMs, log, work });
}

if (import.meta.main) runService(start);

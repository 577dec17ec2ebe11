import { periodically } from "#platform/db/periodic.ts";
import { createVersionWatch } from "#platform/db/version-watch.ts";
import { inboxClient } from "#platform/events/inbox-rpc.ts";
import { startOutbox } from "#platform/events/outbox.ts";
import { createServiceTokenSource } from "#platform/rpc/tokens.ts";
import { runService } from "#platform/service/run.ts";
import { type Built, type Ground, startService } from "#platform/service/start-service.ts";
import { EVENTS } from "#proto/events.ts";
import { couponClient } from "./clients/coupon.ts";
import { goodsClient } from "./clients/goods.ts";
import { payClient } from "./clients/pay.ts";
import { userClient } from "./clients/user.ts";
import { type OrderConfig, orderConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import {
  CLOSE_TIMEOUT_MS,
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
import { expireOrders } from "./use-cases/expire-orders.ts";
import { createPlaceOrder } from "./use-cases/place-order.ts";
import { recoverOrders } from "./use-cases/recover-orders.ts";

export function start(env: Record<string, string | undefined> = process.env) {
  const config = orderConfig(env);
  return startService({
    config,
    entities,
    migrations,
    build: (ground) => build(config, ground),
  });
}

type Closed = { cancelled: bigint[]; more: boolean };

function build(config: OrderConfig, { database, identifiers, broker, log }: Ground): Built {
  const { shipping, payDeadlineSeconds, abandonedAfterSeconds } = config;
  const serviceToken = createServiceTokenSource(config.tokens, "order");
  const target = (service: "goods" | "coupon" | "user" | "pay") => ({
    address: config.addresses[service],
    tls: config.tls,
    serviceToken,
    timeoutMs: STEP_TIMEOUT_MS,
    log,
  });
  const clients = {
    goods: goodsClient(target("goods")),
    coupon: couponClient(target("coupon")),
    user: userClient(target("user")),
  };
  const pay = payClient({ ...target("pay"), timeoutMs: CLOSE_TIMEOUT_MS });
  const outbox = startOutbox({
    events: EVENTS.order,
    inboxes: {
      goods: inboxClient(target("goods")),
      coupon: inboxClient(target("coupon")),
      user: inboxClient(target("user")),
      pay: inboxClient(target("pay")),
    },
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
    pay,
    watch: createVersionWatch({
      readVersions: (orderIds) => readVersions(database, orderIds),
      pollMs: WATCH_POLL_MS,
      maxWatchers: MAX_WATCHERS,
    }),
    rules: { shipping, payDeadlineSeconds, abandonedAfterSeconds },
  };
  const placing = createPlaceOrder(parts);
  const closing = (name: string, everyMs: number, close: () => Promise<Closed>) => {
    const work = async () => {
      const { cancelled, more } = await close();
      const orderIds = cancelled.map(String);
      if (orderIds.length > 0) log.info({ orderIds, work: name }, "cancelled");
      return more;
    };
    return periodically({ name, everyMs, log, work });
  };
  return {
    implementations: [orderImplementation(parts, placing)],
    subscriptions: subscriptions(parts),
    background: [
      { stop: () => placing.idle() },
      closing("recover-orders", RECOVER_EVERY_MS, () => recoverOrders(parts)),
      closing("expire-orders", EXPIRE_EVERY_MS, () => expireOrders(parts)),
      outbox,
      ...Object.values(clients).map(({ close }) => ({ stop: async () => close() })),
      { stop: async () => pay.close() },
    ],
  };
}

if (import.meta.main) runService(start);

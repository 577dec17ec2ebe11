import { type Periodic, periodically } from "#platform/db/periodic.ts";
import { inboxClient } from "#platform/events/inbox-rpc.ts";
import { startOutbox } from "#platform/events/outbox.ts";
import { serviceTargets } from "#platform/rpc/service-targets.ts";
import { runService } from "#platform/service/run.ts";
import { type Built, type Ground, startService } from "#platform/service/start-service.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { EVENTS } from "#proto/events.ts";
import { orderClient } from "./clients/order.ts";
import { type PayConfig, payConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import { ORDER_TIMEOUT_MS, PRUNE_EVERY_MS, SWEEP_BATCH, SWEEP_EVERY_MS } from "./limits.ts";
import type { PaymentPlatform } from "./providers/provider.ts";
import { sandboxPlatform } from "./providers/sandbox/provider.ts";
import { payImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { migrations } from "./store/migrations/index.ts";
import type { Parts } from "./use-cases/parts.ts";
import { pruneCallbacks } from "./use-cases/prune-callbacks.ts";
import { createTakePayments } from "./use-cases/steps/take-payments.ts";
import { sweepPayments } from "./use-cases/sweep-payments.ts";
import { sweepRefunds } from "./use-cases/sweep-refunds.ts";

function start(env: Record<string, string | undefined> = process.env) {
  const config = payConfig(env);
  return startService({
    config,
    entities,
    migrations,
    build: (ground) => build(config, ground),
  });
}

function build(config: PayConfig, { database, identifiers, broker, log }: Ground): Built {
  const target = serviceTargets(config, log)("order", ORDER_TIMEOUT_MS);
  const orders = orderClient(target);
  const outbox = startOutbox({
    events: EVENTS.pay,
    inboxes: { order: inboxClient(target) },
    identifiers,
    database,
    broker,
    log,
  });
  const sweeps: { payments?: Periodic; refunds?: Periodic } = {};
  const parts: Parts = {
    database,
    identifiers,
    outbox,
    payments: createTakePayments({ database, identifiers, outbox }),
    orders,
    platforms: platformsOf(config),
    rules: {
      currency: config.currency,
      returnOrigins: config.returnOrigins,
      queryAfterMs: config.queryAfterMs,
      refundRetryMs: config.refundRetryMs,
    },
    wake: {
      payments: () => sweeps.payments?.nudge(),
      refunds: () => sweeps.refunds?.nudge(),
    },
  };
  sweeps.payments = sweeping("sweep-payments", log, () => sweepPayments(parts));
  sweeps.refunds = sweeping("sweep-refunds", log, () => sweepRefunds(parts));
  const work = () => pruneCallbacks(parts);
  return {
    implementations: [payImplementation(parts)],
    subscriptions: subscriptions(parts),
    background: [
      sweeps.payments,
      sweeps.refunds,
      periodically({ name: "prune-callbacks", everyMs: PRUNE_EVERY_MS, log, work }),
      outbox,
      { stop: async () => orders.close() },
    ],
  };
}

function platformsOf({ sandbox, callbackUrl }: PayConfig): Map<string, PaymentPlatform> {
  const platforms: PaymentPlatform[] = [];
  if (sandbox) {
    platforms.push(sandboxPlatform({ ...sandbox, notifyUrl: `${callbackUrl}/sandbox` }));
  }
  return new Map(platforms.map((platform) => [platform.name, platform]));
}

type Swept = { paymentId: bigint; refundId?: bigint; outcome: string; error?: unknown };

/** Tells what a sweep came to; a person has to look at what is disputed, failed or broken. */
function sweeping(name: string, log: Log, sweep: () => Promise<Swept[]>): Periodic {
  const work = async () => {
    const swept = await sweep();
    for (const { paymentId, refundId, outcome, error } of swept) {
      const ids = { paymentId, ...(refundId !== undefined && { refundId }) };
      const texts = Object.entries(ids).map(([key, id]) => [key, String(id)]);
      const fields = { ...Object.fromEntries(texts), outcome, work: name };
      if (outcome === "broken") log.error({ ...fields, err: error }, "swept");
      else if (["disputed", "failed", "unanswered"].includes(outcome)) log.warn(fields, "swept");
      else if (outcome !== "open") log.info(fields, "swept");
    }
    return swept.length === SWEEP_BATCH;
  };
  return periodically({ name, everyMs: SWEEP_EVERY_MS, log, work });
}

if (import.meta.main) runService(start);

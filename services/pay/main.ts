import { type Periodic, periodically } from "#platform/db/periodic.ts";
import { inboxClient } from "#platform/events/inbox-rpc.ts";
import { startOutbox } from "#platform/events/outbox.ts";
import { serviceTargets } from "#platform/rpc/service-targets.ts";
import { runService } from "#platform/service/run.ts";
import { type Built, type Ground, startService } from "#platform/service/start-service.ts";
import { failpoint } from "#platform/settings/failpoint.ts";
import type { Log } from "#platform/telemetry/log.ts";
import { EVENTS } from "#proto/events.ts";
import { orderClient } from "./clients/order.ts";
import { type PayConfig, payConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import { ORDER_TIMEOUT_MS, PRUNE_EVERY_MS, SWEEP_BATCH, SWEEP_EVERY_MS } from "./limits.ts";
import type { PaymentProvider } from "./providers/provider.ts";
import { payImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { migrations } from "./store/migrations/index.ts";
import type { Parts } from "./use-cases/parts.ts";
import { pruneCallbacks } from "./use-cases/prune-callbacks.ts";
import { sampleUnverified } from "./use-cases/steps/sample-unverified.ts";
import { gatherPaidNotices } from "./use-cases/steps/take-paid-notices.ts";
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
    paidNotices: gatherPaidNotices({ database, identifiers, outbox }),
    orders,
    providers: withFailpoints(config.providers),
    rules: {
      currency: config.currency,
      returnOrigins: config.returnOrigins,
      queryAfterMs: config.queryAfterMs,
      refundRetryMs: config.refundRetryMs,
    },
    unverified: sampleUnverified(),
    wake: {
      payments: () => sweeps.payments?.nudge(),
      refunds: () => sweeps.refunds?.nudge(),
    },
  };
  sweeps.payments = startSweep({
    name: "sweep-payments",
    message: "payment checked with its provider",
    log,
    sweep: () => sweepPayments(parts),
  });
  sweeps.refunds = startSweep({
    name: "sweep-refunds",
    message: "refund tried at its provider",
    log,
    sweep: () => sweepRefunds(parts),
  });
  const prune = () => pruneCallbacks(parts);
  return {
    implementations: [payImplementation(parts)],
    subscriptions: subscriptions(parts),
    background: [
      sweeps.payments,
      sweeps.refunds,
      periodically({ name: "prune-callbacks", everyMs: PRUNE_EVERY_MS, log, work: prune }),
      outbox,
      { stop: async () => orders.close() },
    ],
  };
}

/** A test can end the process before and after each call to a provider. */
function withFailpoints(
  providers: ReadonlyMap<string, PaymentProvider>,
): ReadonlyMap<string, PaymentProvider> {
  const wrapped = [...providers.values()].map((provider): PaymentProvider => {
    const around =
      <A, R>(name: string, call: (argument: A) => Promise<R>) =>
      async (argument: A): Promise<R> => {
        await failpoint(`provider.before:${provider.name}.${name}`);
        const answer = await call(argument);
        await failpoint(`provider.after:${provider.name}.${name}`);
        return answer;
      };
    return {
      ...provider,
      open: around("open", provider.open),
      query: around("query", provider.query),
      close: around("close", provider.close),
      refund: around("refund", provider.refund),
      queryRefund: around("query-refund", provider.queryRefund),
    };
  });
  return new Map(wrapped.map((provider) => [provider.name, provider]));
}

const QUIET = new Set(["open", "not_begun", "processing", "waiting", "unchanged"]);
const TO_LOOK_INTO = new Set([
  "mismatched",
  "failed",
  "refused",
  "reopened",
  "requires_action",
  "unanswered",
]);

type Swept = { paymentId: bigint; refundId?: bigint; outcome: string; error?: unknown };

/** Logs what a sweep did, with a warning or an error for what an operator has to look into. */
function startSweep({
  name,
  message,
  log,
  sweep,
}: {
  name: string;
  message: string;
  log: Log;
  sweep: () => Promise<Swept[]>;
}): Periodic {
  const work = async () => {
    const swept = await sweep();
    for (const { paymentId, refundId, outcome, error } of swept) {
      const fields = {
        paymentId: String(paymentId),
        ...(refundId !== undefined && { refundId: String(refundId) }),
        outcome,
        work: name,
      };
      if (outcome === "broken") log.error({ ...fields, err: error }, message);
      else if (TO_LOOK_INTO.has(outcome)) log.warn(fields, message);
      else if (!QUIET.has(outcome)) log.info(fields, message);
    }
    return swept.length === SWEEP_BATCH;
  };
  return periodically({ name, everyMs: SWEEP_EVERY_MS, log, work });
}

if (import.meta.main) runService(start);

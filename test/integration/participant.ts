import assert from "node:assert/strict";
import { createClient } from "#platform/rpc/clients.ts";
import { Reason } from "#platform/values/refusal.ts";
import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import { token } from "../../testbed/calls/callers.ts";
import { refused } from "../../testbed/calls/refused.ts";
import { eventually } from "../../testbed/eventually.ts";
import { eventPublisher } from "../../testbed/orders/events.ts";
import { startReplica } from "../../testbed/shop/replica.ts";
import { startShop } from "../../testbed/shop/shop.ts";

type Participant = "goods" | "coupon" | "user";

/** The most events that one ListMissingEvents takes. */
const MAX_EVENTS = 1_000;
const TIMEOUT_MS = 15_000;

/**
 * Starts one participant alone, as a process, and connects to it as its neighbours do: callers of
 * every role, and events as the order service would publish them.
 */
export async function startParticipant<S extends Participant>(
  service: S,
  env: Record<string, string> = {},
) {
  const shop = await startShop({ services: [service], env });
  const publisher = await eventPublisher(shop);
  const inbox = createClient(InboxService, {
    address: shop.addresses[service],
    tls: undefined,
    serviceToken: () => token("service", "order"),
    timeoutMs: TIMEOUT_MS,
  });

  /** Those of the events that the service has not processed. */
  const missing = async (...eventIds: bigint[]): Promise<bigint[]> => {
    return (await inbox.listMissingEvents({ eventIds })).eventIds;
  };
  /** Resolves when the service has processed these events. */
  const settled = async (...eventIds: bigint[]): Promise<void> => {
    for (let start = 0; start < eventIds.length; start += MAX_EVENTS) {
      const some = eventIds.slice(start, start + MAX_EVENTS);
      await eventually(async () => assert.deepEqual(await missing(...some), []));
    }
  };

  return {
    shop,
    admin: shop.admin[service],
    order: shop.service("order")[service],
    anyone: shop.anonymous[service],
    as: (userId: bigint) => shop.user(userId)[service],
    bearer: (text: string) => shop.bearer(text)[service],
    sql: (statement: string, parameters: unknown[] = []) =>
      shop.sql(service, statement, parameters),
    publish: publisher.publishMessage,
    missing,
    settled,
    /** Starts another process of the service. */
    replica: () => startReplica(shop, service),
    /** Runs `work` while the service kills itself at the failpoint, then restarts the service. */
    async killedAt<T>(failpoint: string, work: () => Promise<T>) {
      await shop.restart(service, { ...env, SHOP_FAILPOINT: `${failpoint}:1:kill` });
      const [[result], ending] = await Promise.all([
        Promise.allSettled([work()]),
        shop.ended(service),
      ]);
      assert.equal(ending, "SIGKILL");
      await shop.restart(service, env);
      return result;
    },
    async stop() {
      inbox.close();
      await publisher.close();
      await shop.stop();
    },
  };
}

/** The results of `count` concurrent calls. */
export function times<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

/** Fails unless the call is refused with INVALID_ARGUMENT; returns the refusal. */
export const invalid = (call: Promise<unknown>) => refused(call, Reason.INVALID_ARGUMENT);

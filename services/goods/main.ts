import { runService } from "#platform/process/run.ts";
import { startService } from "#platform/process/start-service.ts";
import { goodsConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import { goodsImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { Migration20261123Goods } from "./store/migrations/2026-11-23-goods.ts";

export function start(env: Record<string, string | undefined> = process.env) {
  return startService({
    config: goodsConfig(env),
    entities,
    migrations: [{ name: "2026-11-23-goods", class: Migration20261123Goods }],
    build: (ground) => ({
      implementations: [goodsImplementation(ground)],
      subscriptions: subscriptions(ground),
    }),
  });
}

if (import.meta.main) runService(start);

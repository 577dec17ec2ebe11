import { runService } from "#platform/service/run.ts";
import { startService } from "#platform/service/start-service.ts";
import { goodsConfig } from "./config.ts";
import { subscriptions } from "./consumers.ts";
import { goodsImplementation } from "./rpc.ts";
import { entities } from "./store/entities.ts";
import { migrations } from "./store/migrations/index.ts";

function start(env: Record<string, string | undefined> = process.env) {
  return startService({
    config: goodsConfig(env),
    entities,
    migrations,
    build: (ground) => ({
      implementations: [goodsImplementation(ground)],
      subscriptions: subscriptions(ground),
    }),
  });
}

if (import.meta.main) runService(start);

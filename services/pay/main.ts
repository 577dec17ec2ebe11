import { runService } from "#platform/process/run.ts";
import { startService } from "#platform/process/start-service.ts";
import { payConfig } from "./config.ts";
import { payImplementation } from "./rpc.ts";

export function start(env: Record<string, string | undefined> = process.env) {
  return startService({
    config: payConfig(env),
    entities: [],
    migrations: [],
    build: () => ({ implementations: [payImplementation()] }),
  });
}

if (import.meta.main) runService(start);

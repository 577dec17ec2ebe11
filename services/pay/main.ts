import { openDatabase } from "#platform/db/database.ts";
import { inboxImplementation } from "#platform/events/inbox-rpc.ts";
import { createLog } from "#platform/process/log.ts";
import { periodically } from "#platform/process/periodic.ts";
import { runService } from "#platform/process/run.ts";
import { startRpcServer } from "#platform/rpc/server.ts";
import { payConfig } from "./config.ts";
import { payImplementation } from "./rpc.ts";

const SERVICE = "pay";
/** How soon a database that went away, or came back, shows in the health service. */
const HEALTH_EVERY_MS = 2_000;

/** Starts the service; waits for its database. `stop` finishes what was accepted. */
export async function start(env: Record<string, string | undefined> = process.env) {
  const config = payConfig(env);
  const log = createLog(SERVICE, config.logLevel);
  const database = await openDatabase({
    settings: config.mysql,
    entities: [],
    migrations: [],
    name: SERVICE,
    log,
  });
  const server = await startRpcServer({
    listen: config.listen,
    tls: config.tls,
    tokens: config.tokens,
    implementations: [payImplementation(), inboxImplementation(database)],
    log,
  });
  const health = periodically({
    name: "health",
    everyMs: HEALTH_EVERY_MS,
    log,
    work: async () => {
      server.setServing(await database.check());
      return false;
    },
  });
  log.info({ address: server.address }, "pay serves");

  return {
    address: server.address,
    async stop() {
      await health.stop();
      server.setServing(false);
      await server.stop();
      await database.close();
    },
  };
}

if (import.meta.main) runService(start);

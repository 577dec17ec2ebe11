import type { Engines } from "../../testbed/engines/engines.ts";
import { removeNamespace } from "../../testbed/shop/namespace.ts";
import { openSchemas } from "../../testbed/shop/schemas.ts";
import { startBaseline } from "../baseline.ts";
import type { Catalog, Target } from "../target.ts";
import { makeSchema } from "./schema.ts";

/** The default size of its pool; `--connections` finds the best one for another machine. */
export const DEFAULT_CONNECTIONS = 16;

const UNPUBLISHED = "select 1 from outbox where state = 1 limit 1";

/** The first baseline: one process, one schema and one transaction per order. */
export function monolith(connections = DEFAULT_CONNECTIONS) {
  return {
    name: "monolith" as const,
    async start({ mysqlUrl, natsUrl }: Engines, catalog: Catalog) {
      const running = await startBaseline("monolith", {
        main: new URL("main.ts", import.meta.url),
        engines: { mysqlUrl, natsUrl },
        env: { SHOP_MYSQL_POOL: String(connections) },
        prepare: (namespace) => makeSchema({ mysqlUrl, namespace, catalog }),
        clear: (namespace) =>
          removeNamespace(namespace, { schemas: openSchemas(namespace, mysqlUrl), natsUrl }),
      });
      const schemas = openSchemas(running.namespace, mysqlUrl);
      return {
        ...running,
        settled: async () => (await schemas.sql("order", UNPUBLISHED)).length === 0,
        stop: async () => {
          await schemas.close();
          await running.stop();
        },
      };
    },
  } satisfies Target;
}

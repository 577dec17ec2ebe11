import { openSchemas } from "../../test/support/schemas.ts";
import { deleteStreams } from "../../test/support/streams.ts";
import { startBaseline } from "../baseline.ts";
import type { Catalog, Engines, Target } from "../target.ts";
import { makeSchema } from "./schema.ts";

/** With 256 orders in flight on two cores neither fewer nor more were better. */
export const DEFAULT_CONNECTIONS = 16;

/** The first baseline: one process, one schema, one transaction an order. */
export function monolith(connections = DEFAULT_CONNECTIONS) {
  return {
    name: "monolith" as const,
    start(engines: Engines, catalog: Catalog) {
      const { mysqlUrl, natsUrl } = engines;
      return startBaseline("monolith", {
        engines,
        env: { SHOP_MYSQL_POOL: String(connections) },
        prepare: (namespace) => makeSchema({ mysqlUrl, namespace, catalog }),
        async clear(namespace) {
          const schemas = openSchemas(namespace, mysqlUrl);
          await schemas.drop().finally(() => schemas.close());
          await deleteStreams(namespace, natsUrl);
        },
      });
    },
  } satisfies Target;
}

import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";

/** What every use case gets from `main.ts`. */
export type Parts = { database: Database; identifiers: Identifiers };

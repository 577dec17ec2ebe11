import type { Database } from "#platform/db/database.ts";
import type { Identifiers } from "#platform/db/identifiers.ts";

/** What the use cases work with. */
export type Parts = { database: Database; identifiers: Identifiers };

import type { createClient } from "#platform/rpc/clients.ts";

/** How to reach another service. */
export type ClientOptions = Parameters<typeof createClient>[1];

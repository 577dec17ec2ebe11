import type { ServiceName } from "#proto/services.ts";
import type { ProviderEntry } from "../../../ops/audit/provider-source.ts";

/** A change to the data that the services would never make, and the rule that must report it. */
export type Mutation = {
  rule: string;
  /** What the change amounts to. */
  what: string;
  /** How the reported item begins. */
  item: string;
} & (
  | { service: ServiceName; sql: string }
  | { provider: (entries: ProviderEntry[]) => ProviderEntry[] }
);

/** Mutations of one service's data by SQL. */
export const mutationsOf =
  (service: ServiceName) =>
  (rule: string, what: string, [item, sql]: [item: string, sql: string]): Mutation => ({
    service,
    rule,
    what,
    item,
    sql,
  });

export const idOf = ({ orderId }: { orderId: bigint }) => String(orderId);

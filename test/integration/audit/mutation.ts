import type { ServiceName } from "#proto/services.ts";
import type { PlatformEntry } from "../../../ops/audit/platform-source.ts";

/** One thing done to the data by hand, and what the audit must say of it. */
export type Mutation = {
  rule: string;
  what: string;
  /** What the named item begins with. */
  item: string;
} & (
  | { service: ServiceName; sql: string }
  | { platform: (entries: PlatformEntry[]) => PlatformEntry[] }
);

export const by =
  (service: ServiceName) =>
  (rule: string, what: string, [item, sql]: [item: string, sql: string]): Mutation => ({
    service,
    rule,
    what,
    item,
    sql,
  });

export const idOf = ({ orderId }: { orderId: bigint }) => String(orderId);

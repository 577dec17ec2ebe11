import { createClient } from "#platform/rpc/clients.ts";
import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import type { ClientOptions } from "./options.ts";

/** Asks a consuming service which events it misses. */
export type Inbox = { missing(eventIds: bigint[]): Promise<bigint[]>; close(): void };

export function inboxClient(options: ClientOptions): Inbox {
  const client = createClient(InboxService, options);
  return {
    async missing(eventIds) {
      return (await client.listMissingEvents({ eventIds })).eventIds;
    },
    close: client.close,
  };
}

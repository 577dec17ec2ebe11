import { InboxService } from "#proto/shop/common/v1/inbox_pb.ts";
import type { Database } from "../db/database.ts";
import { type ClientOptions, createClient } from "../rpc/clients.ts";
import { type Implementation, implement } from "../rpc/server.ts";
import { Checks } from "../values/checks.ts";
import { type InboxClient, missingEvents } from "./inbox.ts";

/** Events of one question; the contract says the same. */
const MAX_EVENT_IDS = 1_000;

/** InboxService, which every service that consumes events serves. */
export function inboxImplementation(database: Database): Implementation {
  return implement(InboxService, {
    async listMissingEvents({ eventIds }) {
      const checks = new Checks();
      checks.count("event_ids", eventIds, { min: 1, max: MAX_EVENT_IDS });
      for (const [index, id] of eventIds.slice(0, MAX_EVENT_IDS).entries()) {
        checks.identifier(`event_ids[${index}]`, id);
      }
      checks.throwIfAny();
      return { eventIds: await missingEvents(database, eventIds) };
    },
  });
}

/** Asks the inbox of another service. */
export function inboxClient(options: ClientOptions): InboxClient {
  const client = createClient(InboxService, options);
  return {
    async missing(eventIds) {
      return (await client.listMissingEvents({ eventIds })).eventIds;
    },
    close: client.close,
  };
}

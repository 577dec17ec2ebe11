import assert from "node:assert/strict";
import type {
  ListMissingEventsRequest,
  ListMissingEventsResponse,
} from "#proto/shop/common/v1/inbox_pb.ts";
import {
  ListMissingEventsRequestSchema,
  ListMissingEventsResponseSchema,
} from "#proto/shop/common/v1/inbox_pb.ts";
import type { InboxClient } from "./inbox.ts";
import type { NewEvent, startOutbox } from "./outbox.ts";
import { type Handlers, subscribe } from "./subscriptions.ts";

// Two messages of the platform's own contract stand for facts of a service "a".
const EVENTS = {
  "a.v1.asked": {
    schema: ListMissingEventsRequestSchema,
    consumers: ["b", "c"],
    concerns: ({ eventIds }: ListMissingEventsRequest, consumer: string) =>
      consumer === "b" || eventIds.length > 0,
  },
  "a.v1.answered": { schema: ListMissingEventsResponseSchema, consumers: ["b"] },
} as const;

const delivery = (eventId: bigint, eventIds: bigint[]) => {
  const message = { eventIds } as ListMissingEventsRequest;
  return { eventId, message, consumer: "x", traceparent: "" } as never;
};

describe("subscriptions to the events of a publisher", () => {
  it("take the message of each fact from the publisher's table", () => {
    const nothing = async () => {};
    const subscribed = subscribe(EVENTS, "b", { "a.v1.asked": nothing, "a.v1.answered": nothing });
    assert.deepEqual(
      subscribed.map(({ fact, schema }) => [fact, schema.typeName]),
      [
        ["a.v1.asked", "shop.common.v1.ListMissingEventsRequest"],
        ["a.v1.answered", "shop.common.v1.ListMissingEventsResponse"],
      ],
    );
  });

  it("hand over only what concerns the consumer, and nothing where that is nothing", async () => {
    const handled: bigint[][] = [];
    const [asked] = subscribe(EVENTS, "c", {
      "a.v1.asked": async (deliveries) => {
        handled.push(deliveries.map(({ eventId }) => eventId));
      },
    });
    await asked?.handle([delivery(1n, []), delivery(2n, [7n]), delivery(3n, [8n])]);
    await asked?.handle([delivery(4n, [])]);
    assert.deepEqual(handled, [[2n, 3n]]);
  });

  it("are checked by the compiler, as are the events and the inboxes of their publisher", () => {
    type OfB = Handlers<typeof EVENTS, "b">;
    type Message<F extends keyof OfB> = Parameters<OfB[F]>[0][number]["message"];
    const asked: Message<"a.v1.asked"> extends ListMissingEventsRequest ? true : never = true;
    const answered: Message<"a.v1.answered"> extends ListMissingEventsResponse ? true : never =
      true;

    const handle = async () => {};
    // @ts-expect-error: b must handle a.v1.answered too.
    const missing: OfB = { "a.v1.asked": handle };
    // @ts-expect-error: a.v1.answered does not name c.
    const extra: Handlers<typeof EVENTS, "c"> = { "a.v1.asked": handle, "a.v1.answered": handle };
    const event: NewEvent<typeof EVENTS> = {
      // @ts-expect-error: another service's fact.
      fact: "b.v1.done",
      message: {},
      aggregateId: 1n,
    };
    // @ts-expect-error: c does not consume it.
    const unnamed: NewEvent<typeof EVENTS> = {
      fact: "a.v1.answered",
      message: {},
      aggregateId: 1n,
      consumers: ["c"],
    };
    type Inboxes = Parameters<typeof startOutbox<typeof EVENTS>>[0]["inboxes"];
    const inbox: InboxClient = { missing: async () => [], close: () => {} };
    // @ts-expect-error: c consumes events, and cannot be asked which it misses.
    const inboxes: Inboxes = { b: inbox };
    assert.ok([asked, answered, missing, extra, event, unnamed, inboxes].every(Boolean));
  });
});

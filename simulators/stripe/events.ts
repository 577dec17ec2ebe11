import { alphanumeric } from "../base/ids.ts";
import { addNotice } from "../base/notices.ts";
import type { Sql } from "../base/store.ts";
import { API_VERSION } from "./objects.ts";

/** What happened to which payment, and where it is sent. */
type Happening = {
  type: string;
  object: object;
  trade: string;
  refund?: string;
  nowMs: number;
  /** The webhook endpoint of the account; "" if there is none. */
  url: string;
  delayMs: number;
  idempotencyKey?: string;
};

/** Stores an event. It commits with what it reports, and is sent at once. */
export function addEvent(sql: Sql, happening: Happening): void {
  const { type, object, trade, refund = "", nowMs, url, delayMs } = happening;
  const event = eventJson(type, object, { nowMs, idempotencyKey: happening.idempotencyKey });
  const content = JSON.stringify(event);
  const notice = { id: event.id, face: "stripe", trade, refund, type, url, content } as const;
  addNotice(sql, { ...notice, firstMs: nowMs }, nowMs + delayMs);
}

export function eventJson(
  type: string,
  object: object,
  { nowMs, idempotencyKey }: { nowMs: number; idempotencyKey?: string },
) {
  return {
    id: `evt_${alphanumeric(24)}`,
    object: "event",
    api_version: API_VERSION,
    created: Math.floor(nowMs / 1_000),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: idempotencyKey ?? null },
    type,
  };
}

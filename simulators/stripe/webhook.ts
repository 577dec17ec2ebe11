import { createHmac, randomBytes } from "node:crypto";
import type { Message } from "../base/courier.ts";
import type { Fake } from "../base/faults.ts";
import { FRESH_SECONDS } from "../base/limits.ts";

/** The fakes that the protocol allows. */
export const STRIPE_FAKES = [
  "unsigned",
  "wrong_signature",
  "other_body",
  "stale",
  "future",
  "amount",
  "currency",
  "trade",
  "payment",
  "state",
] as const satisfies Fake[];

type Signing = { secrets: string[]; nowMs: number };
type Event = { livemode: boolean; data: { object: Record<string, unknown> } };

/** The callback of an event: signed with every valid secret, at the real time. */
export function webhookMessage(body: Buffer, { secrets, nowMs }: Signing): Message {
  const time = Math.floor(nowMs / 1_000);
  const signatures = secrets.map((secret) => `v1=${hmac(secret, time, body)}`);
  // v0 is a scheme of test events, which receivers ignore.
  const header = [`t=${time}`, ...signatures, `v0=${randomBytes(32).toString("hex")}`].join(",");
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "stripe-signature": header,
  };
  return { headers, body };
}

export function fakeWebhook(
  kind: Fake,
  content: string,
  { secrets, nowMs, as = "1" }: Signing & { as?: string },
): Message {
  const body = Buffer.from(content);
  const genuine = webhookMessage(body, { secrets, nowMs });
  const { "stripe-signature": _, ...unsigned } = genuine.headers;
  const beyondMs = (FRESH_SECONDS + 60) * 1_000;
  const signed = (change: (event: Event) => void) =>
    webhookMessage(changed(content, change), { secrets, nowMs });
  switch (kind) {
    case "unsigned":
      return { ...genuine, headers: unsigned };
    case "other_body":
      return { ...genuine, body: changed(content, ({ data }) => raise(data.object)) };
    case "stale":
      return webhookMessage(body, { secrets, nowMs: nowMs - beyondMs });
    case "future":
      return webhookMessage(body, { secrets, nowMs: nowMs + beyondMs });
    case "amount":
      return signed(({ data }) => raise(data.object));
    case "currency":
      return signed(({ data }) => {
        data.object.currency = data.object.currency === "usd" ? "eur" : "usd";
      });
    case "trade":
      return signed(({ data }) => {
        data.object.id = `cs_test_b1${"0".repeat(56)}`;
      });
    case "payment":
      return signed(({ data }) => {
        data.object.client_reference_id = as;
      });
    case "state":
      return signed(({ data }) => {
        data.object.payment_status = "unpaid";
      });
    default:
      return webhookMessage(body, { secrets: secrets.map((secret) => `${secret}?`), nowMs });
  }
}

function raise(object: Record<string, unknown>): void {
  for (const name of ["amount", "amount_total", "amount_subtotal"]) {
    if (typeof object[name] === "number") object[name] = (object[name] as number) + 1;
  }
}

function changed(content: string, change: (event: Event) => void): Buffer {
  const event = JSON.parse(content) as Event;
  change(event);
  return Buffer.from(JSON.stringify(event));
}

function hmac(secret: string, time: number, body: Uint8Array): string {
  return createHmac("sha256", secret).update(`${time}.`).update(body).digest("hex");
}

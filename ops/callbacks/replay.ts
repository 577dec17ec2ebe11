import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "#platform/rpc/clients.ts";
import { createServiceTokenSource } from "#platform/rpc/tokens.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { Outage } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";

/** Judges a recorded callback again; what the platform would have been answered. */
export type Judge = {
  judge(callback: { provider: string; callbackId: string }): Promise<string>;
  close(): void;
};

const TIMEOUT_MS = 10_000;
const TRIES = 5;
const PAUSE_MS = 300;

/** The pay service knows this program by the name in its token, and a record by this header (services/pay/rpc.ts). */
export function openJudge({ addresses, tls, tokens }: ClientSettings<ServiceName>): Judge {
  const client = createClient(PayService, {
    address: addresses.pay,
    tls,
    serviceToken: createServiceTokenSource(tokens, "callbacks"),
    timeoutMs: TIMEOUT_MS,
  });
  return {
    async judge({ provider, callbackId }) {
      const headers = { ":recorded-callback-id": callbackId };
      for (let attempt = 1; ; attempt += 1) {
        try {
          const { status, body } = await client.handleCallback({ provider, headers });
          return `${status} ${new TextDecoder().decode(body)}`;
        } catch (error) {
          if (!(error instanceof Outage) || attempt === TRIES) throw error;
          await pause(PAUSE_MS * attempt);
        }
      }
    },
    close: client.close,
  };
}

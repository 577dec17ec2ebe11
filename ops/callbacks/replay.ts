import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "#platform/rpc/clients.ts";
import { createServiceTokenSource } from "#platform/rpc/tokens.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import { Outage } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";

/** Has the pay service judge a recorded callback again; resolves to the answer that the provider would get. */
export type Judge = {
  judge(callback: { callbackId: string }): Promise<string>;
  close(): void;
};

const TIMEOUT_MS = 10_000;
const TRIES = 5;
const PAUSE_MS = 300;

export function openJudge({ addresses, tls, tokens }: ClientSettings<ServiceName>): Judge {
  const client = createClient(PayService, {
    address: addresses.pay,
    tls,
    serviceToken: createServiceTokenSource(tokens, "callbacks"),
    timeoutMs: TIMEOUT_MS,
  });
  return {
    async judge({ callbackId }) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const { answer } = await client.judgeCallback({ callbackId: BigInt(callbackId) });
          return `${answer?.status} ${new TextDecoder().decode(answer?.body)}`;
        } catch (error) {
          if (!(error instanceof Outage) || attempt === TRIES) throw error;
          await pause(PAUSE_MS * attempt);
        }
      }
    },
    close: client.close,
  };
}

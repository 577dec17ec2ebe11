import { createClient } from "#platform/rpc/clients.ts";
import { createServiceTokenSource } from "#platform/rpc/tokens.ts";
import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { ServiceName } from "#proto/services.ts";
import { PayService } from "#proto/shop/pay/v1/pay_pb.ts";
import { retry } from "../command/retry.ts";

/** Has the pay service judge recorded callbacks again. */
type Judge = {
  /** Resolves to the answer that the provider would get, such as "200 success". Idempotent. */
  judge(callbackId: string): Promise<string>;
  close(): void;
};

const TIMEOUT_MS = 10_000;

export function openJudge({ addresses, tls, tokens }: ClientSettings<ServiceName>): Judge {
  const client = createClient(PayService, {
    address: addresses.pay,
    tls,
    serviceToken: createServiceTokenSource(tokens, "callbacks"),
    timeoutMs: TIMEOUT_MS,
  });
  return {
    async judge(callbackId) {
      const request = { callbackId: BigInt(callbackId) };
      const { answer } = await retry(() => client.judgeCallback(request));
      return `${answer?.status} ${new TextDecoder().decode(answer?.body)}`;
    },
    close: client.close,
  };
}

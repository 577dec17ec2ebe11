import type { Checks } from "#platform/values/checks.ts";
import { Outage, Reason, Refusal } from "#platform/values/refusal.ts";
import { MAX_PROVIDER_NAME } from "../../limits.ts";
import type { PaymentProvider } from "../../providers/provider.ts";
import type { Parts } from "../parts.ts";

export function checkProvider(checks: Checks, name: string): void {
  checks.text("provider", name, { min: 1, max: MAX_PROVIDER_NAME });
}

/**
 * The provider of a stored payment. Throws an Outage if it is no longer among the settings: the
 * payment waits until it is.
 */
export function providerOf(
  { providers }: Pick<Parts, "providers">,
  { paymentId, provider }: { paymentId: bigint; provider: string },
): PaymentProvider {
  const found = providers.get(provider);
  if (found) return found;
  throw new Outage(`provider ${provider} of payment ${paymentId} is not configured`);
}

/** The provider with this name; refuses with PROVIDER_NOT_FOUND. */
export function findProvider({ providers }: Pick<Parts, "providers">, name: string) {
  const provider: PaymentProvider | undefined = providers.get(name);
  if (provider) return provider;
  throw new Refusal(Reason.PROVIDER_NOT_FOUND, { provider: name });
}

import type { Checks } from "#platform/values/checks.ts";
import { Reason, Refusal } from "#platform/values/refusal.ts";
import { MAX_PROVIDER } from "../../limits.ts";
import type { PaymentPlatform } from "../../providers/provider.ts";
import type { Parts } from "../parts.ts";

/** What can be the name of a platform. */
export function checkProvider(checks: Checks, name: string): void {
  checks.text("provider", name, { min: 1, max: MAX_PROVIDER });
}

/** The platform of this checked name; refuses with PROVIDER_NOT_FOUND. */
export function platformNamed(
  { platforms }: Pick<Parts, "platforms">,
  name: string,
): PaymentPlatform {
  const platform = platforms.get(name);
  if (platform) return platform;
  throw new Refusal(Reason.PROVIDER_NOT_FOUND, { provider: name });
}

import { Reason, Refusal } from "#platform/values/refusal.ts";
import type { PaymentPlatform } from "../clients/platform.ts";
import type { Parts } from "./parts.ts";

/** The platform of this name; refuses with PROVIDER_NOT_FOUND. */
export function platformNamed(
  { platforms }: Pick<Parts, "platforms">,
  name: string,
): PaymentPlatform {
  const platform = platforms.get(name);
  if (platform) return platform;
  // The name is the caller's own text, and only short ones are given back.
  throw new Refusal(Reason.PROVIDER_NOT_FOUND, { provider: name.slice(0, 32) });
}

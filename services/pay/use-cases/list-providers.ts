import type { PaymentProvider } from "../providers/provider.ts";
import type { Parts } from "./parts.ts";

/** A provider as shoppers see it. `currency` is the shop's. */
type ListedProvider = Pick<PaymentProvider, "name" | "title" | "checkout"> & { currency: string };

/** The configured providers, by name. */
export function listProviders({
  providers,
  rules: { currency },
}: Pick<Parts, "providers" | "rules">): ListedProvider[] {
  return [...providers.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, title, checkout }) => ({ name, title, checkout, currency }));
}

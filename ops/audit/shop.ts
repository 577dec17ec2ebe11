import { shopCurrency } from "#platform/settings/currency.ts";
import { clientSettings } from "#platform/settings/service-settings.ts";
import type { SettingsReader } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import { schemasOf } from "../command/database.ts";
import { mysqlUrl, sandboxUrl } from "../command/settings.ts";
import { type AuditOptions, audit, type Report } from "./audit.ts";
import { providerAt, providerFile } from "./provider-source.ts";
import type { Scope } from "./rule.ts";
import { openSnapshot } from "./snapshot.ts";

/** The shop to audit: where its data is, and the settings that the rules depend on. */
type AuditedShop = Pick<Scope, "currency" | "abandonedAfterSeconds"> & {
  namespace: string;
  mysqlUrl: string;
  sandboxUrl: string;
};

/** The defaults of the order and the pay service. */
export const DEFAULT_RULES = { currency: "EUR", abandonedAfterSeconds: 20 };

export function auditSettings(read: SettingsReader): AuditedShop {
  const client = clientSettings(read, SERVICES);
  return {
    namespace: client.namespace,
    mysqlUrl: mysqlUrl(read),
    sandboxUrl: sandboxUrl(read, client),
    currency: shopCurrency(read),
    abandonedAfterSeconds: read.integer("SHOP_ABANDONED_AFTER_SECONDS", {
      default: DEFAULT_RULES.abandonedAfterSeconds,
      min: 1,
      max: 3_600,
    }),
  };
}

type Options = Pick<AuditOptions, "quietSeconds" | "againAfterMs" | "maxItems"> &
  Pick<Scope, "settleSeconds"> & {
    /** The sandbox's file; by default the running sandbox is asked. */
    sandboxStore?: string | undefined;
  };

/** Audits a shop. Throws where its database cannot be read. */
export async function auditShop(shop: AuditedShop, options: Options): Promise<Report> {
  const { namespace, mysqlUrl: url, sandboxUrl, ...rules } = shop;
  const { settleSeconds, sandboxStore, ...rest } = options;
  const provider = sandboxStore ? providerFile(sandboxStore) : await providerAt(sandboxUrl);
  const scope = { ...schemasOf(namespace), ...rules, settleSeconds };
  return audit({
    ...rest,
    scope,
    openSnapshot: () => openSnapshot({ url, scope, provider }),
    hasProvider: provider !== undefined,
  });
}

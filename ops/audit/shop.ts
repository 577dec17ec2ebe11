import { shopCurrency } from "#platform/settings/currency.ts";
import { clientSettings } from "#platform/settings/service-settings.ts";
import type { SettingsReader } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import { CommandError } from "../command/command.ts";
import { connectDatabase, schemasOf } from "../command/database.ts";
import { upSecondsOf } from "../command/running-shop.ts";
import { mysqlUrl, sandboxUrl } from "../command/settings.ts";
import { type AuditOptions, audit, type Report } from "./audit.ts";
import { providerAt, providerFile } from "./provider-source.ts";
import { mayCreateProviderTables } from "./provider-tables.ts";
import type { Scope } from "./rule.ts";
import { openSnapshot } from "./snapshot.ts";

/** The shop to audit: where its data is, and the settings that the rules depend on. */
type AuditedShop = Pick<Scope, "currency" | "abandonedAfterSeconds"> & {
  namespace: string;
  mysqlUrl: string;
  sandboxUrl: string;
};

const NO_PROVIDER = "it does not answer (SHOP_SANDBOX_URL, --sandbox-store)";
const MAY_NOT_COMPARE =
  "the database user may not create the temporary tables that compare them; grant it CREATE " +
  "TEMPORARY TABLES on the schema of pay";

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

/**
 * In place of `settleSeconds` while the shop is up for less than that: what has been on its way
 * since before it stopped has had no time yet.
 */
const NOT_LATE_YET_SECONDS = 100 * 365 * 24 * 3_600;

/** Audits a shop. Throws where its database cannot be read, or has no schema of it at all. */
export async function auditShop(shop: AuditedShop, options: Options): Promise<Report> {
  const { namespace, mysqlUrl: url, sandboxUrl, ...rules } = shop;
  const { settleSeconds, sandboxStore, ...rest } = options;
  const provider = sandboxStore ? providerFile(sandboxStore) : await providerAt(sandboxUrl);
  const upSeconds = upSecondsOf({ mysqlUrl: url, namespace });
  const isStarting = upSeconds !== undefined && upSeconds < settleSeconds;
  const scope = {
    ...schemasOf(namespace),
    ...rules,
    settleSeconds: isStarting ? NOT_LATE_YET_SECONDS : settleSeconds,
  };
  const { missingSchemas, mayCompare } = await lookAround(url, { namespace, pay: scope.pay });
  const compared = mayCompare ? provider : undefined;
  return audit({
    ...rest,
    scope,
    missingSchemas,
    openSnapshot: () => openSnapshot({ url, scope, provider: compared, missingSchemas }),
    hasProvider: compared !== undefined,
    providerUnseen: provider && !mayCompare ? MAY_NOT_COMPARE : NO_PROVIDER,
  });
}

/**
 * The schemas of the shop that have no table, and whether the account may create the tables that
 * compare the provider with the shop. Throws where no schema has a table.
 */
async function lookAround(
  url: string,
  { namespace, pay }: { namespace: string; pay: string },
): Promise<{ missingSchemas: string[]; mayCompare: boolean }> {
  const schemas = Object.values(schemasOf(namespace));
  const connection = await connectDatabase(url);
  try {
    const [rows] = await connection.query(
      "select distinct table_schema as name from information_schema.tables where table_schema in (?)",
      [schemas],
    );
    const found = new Set((rows as { name: string }[]).map(({ name }) => name));
    const missingSchemas = schemas.filter((schema) => !found.has(schema));
    if (missingSchemas.length < schemas.length) {
      const run = (sql: string) => connection.query(sql);
      const mayCompare = !found.has(pay) || (await mayCreateProviderTables(run, pay));
      return { missingSchemas, mayCompare };
    }
  } finally {
    await connection.end();
  }
  throw new CommandError(
    `the database has no schema of namespace ${namespace}; check SHOP_NAMESPACE`,
  );
}

import { clientSettings } from "#platform/settings/service-settings.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { SERVICES } from "#proto/services.ts";
import { type AuditOptions, audit, type Report } from "./audit.ts";
import { openLook, schemasOf } from "./database.ts";
import type { Options } from "./options.ts";
import { platformAt, platformFile } from "./platform-source.ts";

/** Above SHOP_PORT_BASE, where the sandbox platform listens unless told otherwise. */
const SANDBOX_PORT = 8;

export type AuditSettings = ReturnType<typeof auditSettings>;

/** Which shop is audited, and what it goes by. */
export function auditSettings(env: Record<string, string | undefined>) {
  return readSettings(env, (read) => {
    const { namespace, host, portBase } = clientSettings(read, SERVICES);
    return {
      namespace,
      url: read.url("SHOP_MYSQL_URL", {
        default: "mysql://root@127.0.0.1:3306",
        protocols: ["mysql:"],
      }).href,
      currency: read.text("SHOP_CURRENCY", { default: "EUR", pattern: /^[A-Z]{3}$/ }),
      abandonedAfterSeconds: read.integer("SHOP_ABANDONED_AFTER_SECONDS", {
        default: 20,
        min: 1,
        max: 3_600,
      }),
      sandboxUrl: read
        .url("SHOP_SANDBOX_URL", {
          default: `http://${host}:${portBase + SANDBOX_PORT}`,
          protocols: ["http:", "https:"],
        })
        .href.replace(/\/$/, ""),
    };
  });
}

type Asked = Pick<AuditOptions, "quietSeconds" | "againAfterMs" | "maxItems"> &
  Pick<Options, "settleSeconds" | "sandboxStore">;

/** Audits the shop of the settings; throws where its database cannot be read. */
export async function auditShop(settings: AuditSettings, asked: Asked): Promise<Report> {
  const { namespace, url, sandboxUrl, ...rules } = settings;
  const { settleSeconds, sandboxStore, quietSeconds, againAfterMs, maxItems } = asked;
  const platform = sandboxStore ? platformFile(sandboxStore) : await platformAt(sandboxUrl);
  const scope = { ...schemasOf(namespace), ...rules, settleSeconds };
  return audit({
    scope,
    open: () => openLook({ url, scope, platform }),
    platform: platform !== undefined,
    quietSeconds,
    againAfterMs,
    maxItems,
  });
}

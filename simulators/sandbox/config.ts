import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LOG_LEVELS, type LogLevel } from "#platform/settings/log-levels.ts";
import { ENVIRONMENTS } from "#platform/settings/service-settings.ts";
import { readSettings, type SettingsReader } from "#platform/settings/settings.ts";
import { type NotifyRule, notifyRule } from "../base/notify-rule.ts";

/** Lets a fresh clone start its sandbox. Production refuses it. */
export const DEVELOPMENT_SANDBOX_SECRET = "jetshop-sandbox-development-secret";

/** Default port, above SHOP_PORT_BASE. */
export const PORT_OFFSET = 8;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** From which addresses the control interface can be used. */
const CONTROLS = ["loopback", "any", "off"] as const;

export type SandboxConfig = {
  logLevel: LogLevel;
  listen: { host: string; port: number };
  /** Origin of checkout addresses; undefined: the address that it listens on. */
  publicUrl: string | undefined;
  /** Path of the SQLite file. */
  store: string;
  /** Shared with the merchant; signs requests and callbacks. */
  secret: string;
  notify: NotifyRule;
  /** Shortens the pauses between repeated callbacks for tests; 100 is the full schedule. */
  schedulePercent: number;
  control: (typeof CONTROLS)[number];
};

export function sandboxConfig(env: Record<string, string | undefined>): SandboxConfig {
  return readSettings(env, (read) => {
    const production = read.choice("SHOP_ENV", ENVIRONMENTS, "development") === "production";
    const host = read.text("SHOP_HOST", { default: "127.0.0.1", pattern: /^\S+$/ });
    const portBase = read.integer("SHOP_PORT_BASE", { default: 50_050, min: 1_024, max: 65_000 });
    const namespace = read.text("SHOP_NAMESPACE", {
      default: "shop",
      pattern: /^[a-z][a-z0-9]{0,31}$/,
    });
    const dataDir = read.text("SHOP_DATA_DIR", { default: ".shop" });
    const store = read.text("SHOP_SANDBOX_STORE", {
      default: `${dataDir}/sandbox-${namespace}.db`,
    });
    const control = read.choice("SHOP_SANDBOX_CONTROL", CONTROLS, "loopback");
    return {
      logLevel: read.choice("SHOP_LOG_LEVEL", LOG_LEVELS, "info"),
      listen: read.hostPort("SHOP_SANDBOX_LISTEN", `${host}:${portBase + PORT_OFFSET}`),
      publicUrl: publicUrl(read),
      store: resolve(root, store),
      secret: secret(read, production),
      notify: notifyRule(read, "SHOP_SANDBOX_NOTIFY_ORIGINS"),
      schedulePercent: read.integer("SHOP_SANDBOX_SCHEDULE_PERCENT", {
        default: 100,
        min: 1,
        max: 100,
      }),
      control: production ? "off" : control,
    };
  });
}

/** The address at which a program on the same machine reaches the sandbox. */
export function sandboxUrl(listen: { host: string; port: number }): string {
  const host = ["0.0.0.0", "[::]"].includes(listen.host) ? "127.0.0.1" : listen.host;
  return `http://${host}:${listen.port}`;
}

function secret(read: SettingsReader, production: boolean): string {
  const value = read.text("SHOP_SANDBOX_SECRET", {
    default: production ? undefined : DEVELOPMENT_SANDBOX_SECRET,
    secret: true,
    pattern: /^.{16,256}$/,
    shape: "must have 16 to 256 characters",
  });
  if (production && value === DEVELOPMENT_SANDBOX_SECRET) {
    read.fault("SHOP_SANDBOX_SECRET: production refuses the development secret");
  }
  return value;
}

function publicUrl(read: SettingsReader): string | undefined {
  if (!read.has("SHOP_SANDBOX_PUBLIC_URL")) return undefined;
  const url = read.url("SHOP_SANDBOX_PUBLIC_URL", { protocols: ["http:", "https:"] });
  return url.href.replace(/\/$/, "");
}

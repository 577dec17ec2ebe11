import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { LOG_LEVELS, type LogLevel } from "#platform/settings/log-levels.ts";
import { ENVIRONMENTS } from "#platform/settings/service-settings.ts";
import { readSettings, type SettingsReader } from "#platform/settings/settings.ts";
import { type NotifyRule, notifyRule } from "../base/notify-rule.ts";
import { FACES, type FaceName } from "../base/trades.ts";

type Listen = { host: string; port: number };

/** Default ports, above SHOP_PORT_BASE. */
export const PORT_OFFSETS = { alipay: 10, wechatpay: 11, stripe: 12, control: 13 };

/** From which addresses the control interface can be used. */
const CONTROLS = ["loopback", "any", "off"] as const;
const root = fileURLToPath(new URL("../..", import.meta.url));

export type SimulatorsConfig = {
  logLevel: LogLevel;
  listen: Record<FaceName | "control", Listen>;
  /** Origins of each face's addresses; undefined: the address that it listens on. */
  publicUrl: Record<FaceName, string | undefined>;
  /** Path of the SQLite file. */
  store: string;
  /** Directory of the key files. */
  keys: string;
  /** Where a new ledger's clock starts; undefined: now. */
  clockMs: number | undefined;
  /** Scales the pauses between repeated callbacks; 100 is the provider's schedule. */
  schedulePercent: number;
  control: (typeof CONTROLS)[number];
  notify: NotifyRule;
  /** The webhook endpoint of the Stripe account; "" if there is none. */
  stripeWebhookUrl: string;
};

export function simulatorsConfig(env: Record<string, string | undefined>): SimulatorsConfig {
  return readSettings(env, (read) => {
    if (read.choice("SHOP_ENV", ENVIRONMENTS, "development") === "production")
      read.fault("the simulators do not run in production: set SHOP_ENV to another value");
    const host = read.text("SHOP_HOST", { default: "127.0.0.1", pattern: /^\S+$/ });
    const portBase = read.integer("SHOP_PORT_BASE", { default: 50_050, min: 1_024, max: 65_000 });
    const namespace = read.text("SHOP_NAMESPACE", {
      default: "shop",
      pattern: /^[a-z][a-z0-9]{0,31}$/,
    });
    const file = `${read.text("SHOP_DATA_DIR", { default: ".shop" })}/simulators-${namespace}`;
    const listen = (name: keyof typeof PORT_OFFSETS) =>
      read.hostPort(
        `SHOP_SIMULATORS_${name.toUpperCase()}_LISTEN`,
        `${host}:${portBase + PORT_OFFSETS[name]}`,
      );
    const gateway = `http://${host}:${portBase}/pay/callback/stripe`;
    return {
      logLevel: read.choice("SHOP_LOG_LEVEL", LOG_LEVELS, "info"),
      listen: {
        alipay: listen("alipay"),
        wechatpay: listen("wechatpay"),
        stripe: listen("stripe"),
        control: listen("control"),
      },
      publicUrl: publicUrls(read),
      store: resolve(root, read.text("SHOP_SIMULATORS_STORE", { default: `${file}.db` })),
      keys: resolve(root, read.text("SHOP_SIMULATORS_KEYS", { default: `${file}-keys` })),
      clockMs: clockMs(read),
      schedulePercent: read.integer("SHOP_SIMULATORS_SCHEDULE_PERCENT", {
        default: 100,
        min: 1,
        max: 100,
      }),
      control: read.choice("SHOP_SIMULATORS_CONTROL", CONTROLS, "loopback"),
      notify: notifyRule(read, "SHOP_SIMULATORS_NOTIFY_ORIGINS"),
      stripeWebhookUrl: read.url("SHOP_SIMULATORS_STRIPE_WEBHOOK_URL", {
        default: gateway,
        protocols: ["http:", "https:"],
      }).href,
    };
  });
}

function publicUrls(read: SettingsReader): Record<FaceName, string | undefined> {
  const urls = FACES.map((face) => {
    const name = `SHOP_SIMULATORS_${face.toUpperCase()}_PUBLIC_URL`;
    if (!read.has(name)) return [face, undefined];
    return [face, read.url(name, { protocols: ["http:", "https:"] }).href.replace(/\/$/, "")];
  });
  return Object.fromEntries(urls);
}

function clockMs(read: SettingsReader): number | undefined {
  const text = read.text("SHOP_SIMULATORS_CLOCK", { default: "now" });
  if (text === "now") return undefined;
  const ms = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  read.fault(
    "SHOP_SIMULATORS_CLOCK: must be `now` or a time with its zone such as 2026-11-27T08:00:00+08:00",
  );
  return undefined;
}

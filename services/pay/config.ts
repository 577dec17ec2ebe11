import { type CommonSettings, commonSettings } from "#platform/process/common-settings.ts";
import { readSettings } from "#platform/process/settings.ts";

export type PayConfig = CommonSettings;

export function payConfig(env: Record<string, string | undefined>): PayConfig {
  return readSettings(env, (read) => commonSettings(read, "pay"));
}

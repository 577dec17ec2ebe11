import { type CommonSettings, commonSettings } from "#platform/process/common-settings.ts";
import { readSettings } from "#platform/process/settings.ts";

export type GoodsConfig = CommonSettings;

export function goodsConfig(env: Record<string, string | undefined>): GoodsConfig {
  return readSettings(env, (read) => commonSettings(read, "goods"));
}

import { type ServiceSettings, serviceSettings } from "#platform/settings/service-settings.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";

type GoodsConfig = ServiceSettings<ServiceName>;

export function goodsConfig(env: Record<string, string | undefined>): GoodsConfig {
  return readSettings(env, (read) => serviceSettings(read, SERVICES, "goods"));
}

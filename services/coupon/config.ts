import { type ServiceSettings, serviceSettings } from "#platform/settings/service-settings.ts";
import { readSettings } from "#platform/settings/settings.ts";
import { SERVICES, type ServiceName } from "#proto/services.ts";

type CouponConfig = ServiceSettings<ServiceName>;

export function couponConfig(env: Record<string, string | undefined>): CouponConfig {
  return readSettings(env, (read) => serviceSettings(read, SERVICES, "coupon"));
}

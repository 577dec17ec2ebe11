import { type CommonSettings, commonSettings } from "#platform/process/common-settings.ts";
import { readSettings } from "#platform/process/settings.ts";

export type CouponConfig = CommonSettings;

export function couponConfig(env: Record<string, string | undefined>): CouponConfig {
  return readSettings(env, (read) => commonSettings(read, "coupon"));
}

import { type CommonSettings, commonSettings } from "#platform/process/common-settings.ts";
import { readSettings } from "#platform/process/settings.ts";

export type UserConfig = CommonSettings & {
  /** Points for each full unit of the currency that an order spent. */
  pointsPerUnit: bigint;
};

export function userConfig(env: Record<string, string | undefined>): UserConfig {
  return readSettings(env, (read) => ({
    ...commonSettings(read, "user"),
    pointsPerUnit: read.bigint("POINTS_PER_UNIT", { default: 1n, min: 0n, max: 100n }),
  }));
}

import { type CommonSettings, commonSettings } from "#platform/process/common-settings.ts";
import { readSettings, type SettingsReader } from "#platform/process/settings.ts";

export type UserConfig = CommonSettings & {
  /** Points for each full unit of the currency that an order spent. */
  pointsPerUnit: bigint;
};

export function userConfig(env: Record<string, string | undefined>): UserConfig {
  return readSettings(env, (read) => ({
    ...commonSettings(read, "user"),
    pointsPerUnit: pointsPerUnit(read),
  }));
}

/** Also read by programs that have to know what an order earns. */
export function pointsPerUnit(read: SettingsReader): bigint {
  return read.bigint("POINTS_PER_UNIT", { default: 1n, min: 0n, max: 100n });
}

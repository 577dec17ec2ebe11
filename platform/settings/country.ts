import { isCountry } from "#platform/values/phones.ts";
import type { SettingsReader } from "./settings.ts";

/**
 * Reads SHOP_DEFAULT_COUNTRY, the country of phone numbers that are written without the code of a
 * country. "" by default: only international numbers get a form in E.164.
 */
export function defaultCountry(read: SettingsReader): string {
  const name = "SHOP_DEFAULT_COUNTRY";
  const code = read.text(name, { default: "" });
  if (code === "" || isCountry(code)) return code;
  read.fault(`${name}: must be a country of ISO 3166-1, such as DE, not "${code}"`);
  return "";
}

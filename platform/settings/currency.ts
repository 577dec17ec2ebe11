import { isCurrency } from "#platform/values/currencies.ts";
import type { SettingsReader } from "./settings.ts";

/**
 * Reads SHOP_CURRENCY, the currency of all new orders and payments, EUR by default. Every program
 * that shows, charges or counts money reads it here.
 */
export function shopCurrency(read: SettingsReader): string {
  const name = "SHOP_CURRENCY";
  const fallback = "EUR";
  const code = read.text(name, { default: fallback });
  if (isCurrency(code)) return code;
  read.fault(`${name}: must be a currency of ISO 4217, such as EUR, not "${code}"`);
  return fallback;
}

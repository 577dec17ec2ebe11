import type { SettingsReader } from "#platform/settings/settings.ts";

/** The origins that callbacks may be sent to. */
export type NotifyRule = { loopback: boolean; origins: Set<string> };

/** Reads a setting of `loopback` and origins, separated by commas. */
export function notifyRule(read: SettingsReader, name: string): NotifyRule {
  const entries = read.text(name, { default: "loopback" }).split(",");
  const origins = new Set<string>();
  for (const entry of entries.map((text) => text.trim())) {
    if (entry === "loopback") continue;
    const url = URL.parse(entry);
    if (url && /^https?:$/.test(url.protocol) && url.origin === entry) origins.add(entry);
    else read.fault(`${name}: must be "loopback" or origins such as http://gateway:50050`);
  }
  return { loopback: entries.some((text) => text.trim() === "loopback"), origins };
}

/**
 * Whether callbacks may be sent to this address. A merchant cannot make a simulator send requests
 * to arbitrary addresses.
 */
export function mayNotify(rule: NotifyRule, address: string): boolean {
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "") return false;
  if (rule.origins.has(url.origin)) return true;
  const { hostname } = url;
  // URL.parse normalises every spelling of an IPv4 address to four decimal numbers.
  return rule.loopback && /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname);
}

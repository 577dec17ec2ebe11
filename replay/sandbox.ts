import type { ClientSettings } from "#platform/settings/service-settings.ts";
import type { SettingsReader } from "#platform/settings/settings.ts";
import { Outage } from "#platform/values/refusal.ts";
import type { ServiceName } from "#proto/services.ts";
import {
  type SandboxControl,
  SandboxRefusal,
  sandboxControl,
} from "../simulators/sandbox/client.ts";
import { ShopTrouble } from "../testbed/calls/administrator.ts";

/** Above SHOP_PORT_BASE. */
const PORT_OFFSET = 8;

/** Where the sandbox of the shop is. */
export function sandboxSetting(
  read: SettingsReader,
  { host, portBase }: Pick<ClientSettings<ServiceName>, "host" | "portBase">,
): string {
  const fallback = `http://${host}:${portBase + PORT_OFFSET}`;
  const url = read.url("SHOP_SANDBOX_URL", { default: fallback, protocols: ["http:", "https:"] });
  return url.href.replace(/\/+$/, "");
}

/** The sandbox, whose silence is an Outage like that of a service. A ShopTrouble says what is in the way. */
export async function connectSandbox(
  url: string,
): Promise<Pick<SandboxControl, "url" | "pay" | "state">> {
  const control = sandboxControl(url);
  try {
    await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) });
  } catch {
    throw new ShopTrouble(
      `the sandbox payment platform does not answer at ${url} (npm start runs it; SHOP_SANDBOX_URL says where it is)`,
    );
  }
  return {
    url,
    pay: (payment) => answered(url, () => control.pay(payment)),
    state: () => answered(url, () => control.state()),
  };
}

async function answered<T>(url: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof SandboxRefusal) throw error;
    throw new Outage(`the sandbox at ${url} does not answer`, { cause: error });
  }
}

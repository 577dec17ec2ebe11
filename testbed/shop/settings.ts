import { SERVICES, type ServiceName } from "#proto/services.ts";

const SETTING = /^(SHOP_|FREE_SHIPPING|SHIPPING_FEE|POINTS_PER)/;

/** The environment without the settings that the caller's shell has for another shop. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SETTING.test(name)));
}

/** The settings by which a program finds the services: SHOP_GOODS_ADDRESS and so on. */
export function addressSettings(
  addresses: Partial<Record<ServiceName, string>>,
): Record<string, string> {
  const known = SERVICES.flatMap((service) => {
    const address = addresses[service];
    return address === undefined ? [] : [[`SHOP_${service.toUpperCase()}_ADDRESS`, address]];
  });
  return Object.fromEntries(known);
}

/** The setting by which a program, such as "order" or "gateway", knows where to listen. */
export function listenSetting(program: string, address: string): Record<string, string> {
  return { [`SHOP_${program.toUpperCase()}_LISTEN`]: address };
}

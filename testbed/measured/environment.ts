/** What the caller's shell sets for another shop is not for one of ours. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = /^(SHOP_|FREE_SHIPPING|SHIPPING_FEE|POINTS_PER)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !settings.test(name)));
}

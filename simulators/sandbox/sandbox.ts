import type { SandboxConfig } from "./config.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Faults } from "./faults.ts";
import { type Payment, paymentOfTrade, payOpen } from "./ledger.ts";
import { addNotice } from "./notices.ts";
import type { Sender } from "./sender.ts";
import type { Store } from "./store.ts";

/** What every request works with. */
export type Sandbox = {
  store: Store;
  config: SandboxConfig;
  dispatcher: Dispatcher;
  sender: Sender;
  faults: { current: Faults };
  checkoutUrl(tradeId: string): string;
};

/**
 * Pays the payment if it is open. Its notice commits with it and is sent at once. Returns the
 * payment as it is now and whether this call paid it; undefined if it does not exist.
 */
export async function pay(
  { store, faults, dispatcher }: Sandbox,
  tradeId: string,
): Promise<{ payment: Payment; paidNow: boolean } | undefined> {
  const payMs = Date.now();
  const done = await store.transact((sql) => {
    const paidNow = payOpen(sql, tradeId, payMs);
    const payment = paymentOfTrade(sql, tradeId);
    if (!payment) return undefined;
    const sendMs = payMs + faults.current.delay_ms;
    if (paidNow) addNotice(sql, payment, { payMs, sendMs });
    return { payment, paidNow };
  });
  if (done?.paidNow) dispatcher.nudge();
  return done;
}

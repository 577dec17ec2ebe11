import type { SandboxConfig } from "./config.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Faults } from "./faults.ts";
import { type Payment, paymentOfTrade, payOpen } from "./ledger.ts";
import { addNotice } from "./notices.ts";
import type { Sender } from "./sender.ts";
import type { Store } from "./store.ts";

/** What every request works with. */
export type Platform = {
  store: Store;
  config: SandboxConfig;
  dispatcher: Dispatcher;
  sender: Sender;
  faults: { current: Faults };
  checkoutUrl(tradeId: string): string;
};

/** Pays what is open; its notice is saved with it and sent at once. What the payment is now, and whether this did it. */
export async function pay(
  { store, faults, dispatcher }: Platform,
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

import { mayNotify } from "../base/notify-rule.ts";
import type { SandboxConfig } from "./config.ts";
import type { Courier, Delivery } from "./delivery.ts";
import { type Fake, fakeMessage, genuineMessage } from "./fakes.ts";
import type { Faults } from "./faults.ts";
import { type Notice, recordFake } from "./notices.ts";
import type { Store } from "./store.ts";

export type Sender = {
  /** Sends a notice with the current faults. Answered only if the genuine callback was. */
  sendWithFaults(notice: Notice): Promise<Delivery>;
  /** Sends a notice once, genuine or as the fake. `as`: see fakeMessage. */
  send(notice: Notice, kind: Fake | "genuine", as?: string): Promise<Delivery>;
};

export function createSender({
  store,
  config,
  courier,
  faults,
}: {
  store: Store;
  config: SandboxConfig;
  courier: Courier;
  /** The current faults. */
  faults: () => Faults;
}): Sender {
  const { secret } = config;

  async function send(notice: Notice, kind: Fake | "genuine", as?: string): Promise<Delivery> {
    const { notifyUrl, merchantTradeId } = notice;
    if (!mayNotify(config.notify, notifyUrl))
      return { answered: false, answer: "origin not allowed" };
    const nowMs = Date.now();
    if (kind === "genuine") {
      return courier.deliver(notifyUrl, genuineMessage(notice, secret, nowMs));
    }
    const message = fakeMessage(kind, notice, { secret, nowMs, as });
    const delivery = await courier.deliver(notifyUrl, message);
    const { answer } = delivery;
    await store.transact((sql) => recordFake(sql, { merchantTradeId, kind, answer }));
    return delivery;
  }

  return {
    send,
    async sendWithFaults(notice) {
      const current = faults();
      if (current.drop > 0) {
        current.drop -= 1;
        return { answered: false, answer: "dropped" };
      }
      for (const kind of current.forge) await send(notice, kind);
      const kind = current.tamper === "off" ? "genuine" : current.tamper;
      const copies = Array.from({ length: 1 + current.duplicate }, () => send(notice, kind));
      const deliveries = await Promise.all(copies);
      const answered = deliveries.find((delivery) => delivery.answered);
      if (kind === "genuine" && answered) return answered;
      return { ...(deliveries[0] as Delivery), answered: false };
    },
  };
}

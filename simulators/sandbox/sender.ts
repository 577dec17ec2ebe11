import { mayNotify, type SandboxConfig } from "./config.ts";
import type { Courier, Delivery } from "./delivery.ts";
import { type Fake, fakeMessage, genuineMessage } from "./fakes.ts";
import type { Faults } from "./faults.ts";
import { type Notice, recordFake } from "./notices.ts";
import type { Store } from "./store.ts";

export type Sender = {
  /** With what the faults do to it; answered only where the genuine notice was. */
  sendWithFaults(notice: Notice): Promise<Delivery>;
  /** As it is, or as the fake; what the shop answered. `as`: see fakeMessage. */
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
  /** As they are at the moment. */
  faults: () => Faults;
}): Sender {
  const { secret } = config;

  async function send(notice: Notice, kind: Fake | "genuine", as?: string): Promise<Delivery> {
    const { notifyUrl, merchantTradeId } = notice;
    if (!mayNotify(config.notify, notifyUrl)) return { answered: false, answer: "not allowed" };
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
      const wrong = faults();
      if (wrong.drop > 0) {
        wrong.drop -= 1;
        return { answered: false, answer: "dropped" };
      }
      for (const kind of wrong.forge) await send(notice, kind);
      const kind = wrong.tamper === "off" ? "genuine" : wrong.tamper;
      const copies = Array.from({ length: 1 + wrong.duplicate }, () => send(notice, kind));
      const deliveries = await Promise.all(copies);
      const answered = deliveries.find((delivery) => delivery.answered);
      if (kind === "genuine" && answered) return answered;
      return { ...(deliveries[0] as Delivery), answered: false };
    },
  };
}

import { type Courier, failureText, type Message } from "./courier.ts";
import type { Face } from "./face.ts";
import { type Fake, take } from "./faults.ts";
import type { Notice } from "./notices.ts";
import { mayNotify, type NotifyRule } from "./notify-rule.ts";

/** The outcome of one callback. `answer` is the status and body, or the error code. */
type Delivery = { answered: boolean; answer: string };

export type Sender = {
  /** Sends a notice with the current faults. Answered only if the genuine callback was. */
  sendWithFaults(notice: Notice): Promise<Delivery>;
  /** Sends a notice once, genuine or as the fake. `as`: the payment that it names. */
  send(notice: Notice, kind: Fake | "genuine", as?: string): Promise<Delivery>;
};

export function createSender(options: {
  face: Face;
  notify: NotifyRule;
  courier: Courier;
}): Sender {
  const { face, notify, courier } = options;

  async function post(url: string, message: Message): Promise<Delivery> {
    if (!mayNotify(notify, url)) return { answered: false, answer: "origin not allowed" };
    try {
      const reply = await courier.post(url, message);
      return { answered: face.accepts(reply), answer: `${reply.status} ${reply.body}` };
    } catch (error) {
      return { answered: false, answer: failureText(error) };
    }
  }

  const send: Sender["send"] = (notice, kind, as) =>
    post(notice.url, face.message(notice, kind, as));

  return {
    send,
    async sendWithFaults(notice) {
      const faults = face.faults.current;
      if (take(faults, "drop")) return { answered: false, answer: "dropped" };
      for (const message of face.extras?.(notice) ?? []) await post(notice.url, message);
      for (const kind of faults.forge) await send(notice, kind);
      const kind = faults.tamper === "off" ? "genuine" : faults.tamper;
      const copies = Array.from({ length: 1 + faults.duplicate }, () => send(notice, kind));
      const deliveries = await Promise.all(copies);
      const answered = deliveries.find((delivery) => delivery.answered);
      if (kind === "genuine" && answered) return answered;
      return { ...(deliveries[0] as Delivery), answered: false };
    },
  };
}

import * as base from "../base/courier.ts";
import type { Message } from "./fakes.ts";
import { CALLBACK_ANSWER_MS, MAX_ANSWER_BYTES, MAX_CALLBACKS_IN_FLIGHT } from "./limits.ts";

/**
 * The outcome of one callback. `answer` is the status and body, such as "200 success", or the error
 * code. `answered`: it is exactly the success answer.
 */
export type Delivery = { answered: boolean; answer: string };

export type Courier = {
  /** Sends one POST. Follows no redirect, never throws. */
  deliver(url: string, message: Message): Promise<Delivery>;
  close(): void;
};

export function createCourier(): Courier {
  const courier = base.createCourier({
    maxSockets: MAX_CALLBACKS_IN_FLIGHT,
    answerMs: CALLBACK_ANSWER_MS,
    maxAnswerBytes: MAX_ANSWER_BYTES,
  });
  return {
    async deliver(url, message) {
      try {
        const { status, body } = await courier.post(url, message);
        return { answered: status === 200 && body === "success", answer: `${status} ${body}` };
      } catch (error) {
        return { answered: false, answer: base.failureText(error) };
      }
    },
    close: courier.close,
  };
}

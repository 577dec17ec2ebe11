import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
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
  const options = { keepAlive: true, maxSockets: MAX_CALLBACKS_IN_FLIGHT };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  return {
    async deliver(url, message) {
      try {
        const { status, body } = await post(url, message, agents);
        return { answered: status === 200 && body === "success", answer: `${status} ${body}` };
      } catch (error) {
        const { code, name, message: text } = error as NodeJS.ErrnoException;
        return { answered: false, answer: name === "TimeoutError" ? "no answer" : (code ?? text) };
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function post(
  url: string,
  { headers, body }: Message,
  agents: { http: HttpAgent; https: HttpsAgent },
): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.timeout(CALLBACK_ANSWER_MS);
  const options = {
    method: "POST",
    headers: { "content-type": "application/json", "content-length": body.length, ...headers },
    signal,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? (signal.reason as Error) : error);
    const request = url.startsWith("https:")
      ? httpsRequest(url, { ...options, agent: agents.https })
      : httpRequest(url, { ...options, agent: agents.http });
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length <= MAX_ANSWER_BYTES) chunks.push(chunk);
        else response.destroy(new Error(`answer has more than ${MAX_ANSWER_BYTES} bytes`));
      });
      response.on("error", fail);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    request.end(body);
  });
}

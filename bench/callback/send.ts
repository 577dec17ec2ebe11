import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { DEVELOPMENT_SANDBOX_SECRET } from "#platform/process/development-keys.ts";
import { signedHeaders } from "../../ops/sandbox/signature.ts";
import type { Prepared } from "./prepare.ts";

export type Sent = {
  orderId: bigint;
  /** When it was due, by the clock; answers are counted from there, also where it went out later. */
  dueAtMs: number;
  answerMs: number;
  /** The platform's success answer came. */
  success: boolean;
};

/** What a platform may hold open towards one shop. */
const CONNECTIONS = 64;

/** Sends the callbacks at this rate, whether the answers come or not, and waits for them. */
export async function sendCallbacks(
  gatewayUrl: string,
  callbacks: readonly Prepared[],
  perSecond: number,
): Promise<Sent[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const url = new URL("/pay/callback/sandbox", gatewayUrl);
  const begin = performance.now();
  const beganAtMs = Date.now();
  const underWay = [];
  for (const [index, callback] of callbacks.entries()) {
    const dueMs = (index * 1_000) / perSecond;
    const early = begin + dueMs - performance.now();
    if (early > 0) await pause(early);
    underWay.push(
      post(agent, url, callback.body).then((success) => ({
        orderId: callback.orderId,
        dueAtMs: beganAtMs + dueMs,
        answerMs: performance.now() - begin - dueMs,
        success,
      })),
    );
  }
  const sent = await Promise.all(underWay);
  agent.destroy();
  return sent;
}

function post(agent: Agent, url: URL, body: Uint8Array): Promise<boolean> {
  const signed = signedHeaders(DEVELOPMENT_SANDBOX_SECRET, body, Date.now());
  const headers = { "content-type": "application/json", "content-length": body.length, ...signed };
  return new Promise((resolve) => {
    const sending = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("error", () => resolve(false));
      response.on("end", () => resolve(response.statusCode === 200 && text === "success"));
    });
    sending.on("error", () => resolve(false));
    sending.end(body);
  });
}

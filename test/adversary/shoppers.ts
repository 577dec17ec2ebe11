import { Agent, request } from "node:http";
import { percentile } from "../../testbed/percentiles.ts";
import { PROVIDER_ADDRESS, SHOPPER_ADDRESS } from "./target.ts";

/** A request that a shopper or a provider sends now and then, which must be answered with 200. */
export type Errand = {
  path: string;
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** A provider's callback comes from its own address. */
  fromProvider?: boolean;
  /** Whether to connect anew. */
  fresh?: boolean;
};

/** What shoppers saw in a phase. */
export type Seen = { sent: number; p50: number; p99: number; refused: string[] };

const PER_SECOND = 40;
const TIMEOUT_MS = 10_000;

/**
 * Sends the errands in turns at a steady rate for so long, and measures each from the moment at
 * which it is due, in ms.
 */
export async function measure(
  port: number,
  next: () => Errand,
  { seconds }: { seconds: number },
): Promise<Seen> {
  const agents = [SHOPPER_ADDRESS, PROVIDER_ADDRESS].map(
    (localAddress) => new Agent({ keepAlive: true, localAddress }),
  ) as [Agent, Agent];
  const times: number[] = [];
  const refused: string[] = [];
  const begun = performance.now();
  const running: Promise<void>[] = [];
  const total = seconds * PER_SECOND;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, ((performance.now() - begun) / 1_000) * PER_SECOND);
      while (running.length < due) {
        const errand = next();
        const at = begun + (running.length / PER_SECOND) * 1_000;
        const sending = send(port, errand, agents).then((answer) => {
          times.push(performance.now() - at);
          if (answer !== "200") refused.push(`${errand.path}: ${answer}`);
        });
        running.push(sending);
      }
      if (running.length < total) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
  await Promise.all(running);
  for (const agent of agents) agent.destroy();
  times.sort((a, b) => a - b);
  return { sent: total, p50: percentile(times, 50), p99: percentile(times, 99), refused };
}

/** Resolves to the status, or to the error's code. */
function send(port: number, errand: Errand, [shopper, provider]: [Agent, Agent]): Promise<string> {
  const { path, headers = {}, body, fromProvider = false, fresh = false } = errand;
  const agent = fromProvider ? provider : shopper;
  const options = {
    host: "127.0.0.1",
    port,
    path,
    method: body ? "POST" : "GET",
    headers: body ? { ...headers, "content-length": String(body.length) } : headers,
    timeout: TIMEOUT_MS,
    ...(fresh ? { agent: false, localAddress: SHOPPER_ADDRESS } : { agent }),
  };
  return new Promise((resolve) => {
    const sending = request(options, (response) => {
      response.resume();
      response.once("close", () => resolve(String(response.statusCode)));
    });
    sending.on("timeout", () => sending.destroy(new Error("no answer in 10 s")));
    sending.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sending.end(body);
  });
}

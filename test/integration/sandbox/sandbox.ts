import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type SandboxControl, sandboxControl } from "../../../simulators/sandbox/client.ts";
import { DEVELOPMENT_SANDBOX_SECRET } from "../../../simulators/sandbox/config.ts";
import { signedHeaders } from "../../../simulators/sandbox/signature.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { freePorts } from "../../../testbed/engines/ports.ts";
import { serviceProcess } from "../../../testbed/shop/service-process.ts";

// biome-ignore lint/suspicious/noExplicitAny: tests compare the JSON as it is.
type Answer = { status: number; json: any; text: string };

export type Sandbox = {
  url: string;
  control: SandboxControl;
  /** Sends a request signed by the merchant. */
  post(path: string, body: object): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** Opens a payment of 123.45 EUR with a new id. */
  open(changes?: object): Promise<{ id: string; tradeId: string; checkoutUrl: string }>;
  kill(): Promise<void>;
  start(env?: Record<string, string>): Promise<void>;
  output(): string;
  stop(): Promise<void>;
};

/** Starts a sandbox process with an empty store. Its payments call back at `notifyUrl`. */
export async function startSandbox(
  notifyUrl: string,
  env: Record<string, string> = {},
): Promise<Sandbox> {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const directory = temporaryDirectory();
  const running = serviceProcess({
    service: "sandbox",
    logFile: join(directory, "sandbox.log"),
    env: {
      ...process.env,
      SHOP_ENV: "test",
      SHOP_SANDBOX_LISTEN: `127.0.0.1:${port}`,
      SHOP_SANDBOX_STORE: join(directory, "sandbox.db"),
      SHOP_SANDBOX_SCHEDULE_PERCENT: "2",
      ...env,
    },
  });
  const post = (path: string, body: object) => {
    const text = JSON.stringify(body);
    const signed = signedHeaders(DEVELOPMENT_SANDBOX_SECRET, text, Date.now());
    const headers = { "content-type": "application/json", ...signed };
    return ask(`${url}${path}`, { method: "POST", body: text, headers });
  };
  await running.start();
  return {
    url,
    control: sandboxControl(url),
    post,
    get: (path) =>
      ask(`${url}${path}`, {
        headers: signedHeaders(DEVELOPMENT_SANDBOX_SECRET, path, Date.now()),
      }),
    async open(changes = {}) {
      const id = randomUUID();
      const { json } = await post("/v1/payments", { ...paymentRequest(id, notifyUrl), ...changes });
      return { id, tradeId: json.trade_id, checkoutUrl: json.checkout_url };
    },
    async kill() {
      await running.end("SIGKILL");
    },
    async start(more) {
      await running.start(more);
    },
    output: () => running.output(),
    async stop() {
      await running.end("SIGTERM");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function paymentRequest(id: string, notifyUrl: string) {
  return {
    merchant_trade_id: id,
    amount_cents: "12345",
    currency: "EUR",
    notify_url: notifyUrl,
    return_url: "http://127.0.0.1:9/thanks?order=7",
  };
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
}

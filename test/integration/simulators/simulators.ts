import { rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Accounts,
  type SimulatorsControl,
  simulatorsControl,
} from "../../../simulators/providers/client.ts";
import { temporaryDirectory } from "../../../testbed/engines/directories.ts";
import { freePorts } from "../../../testbed/engines/ports.ts";
import { serviceProcess } from "../../../testbed/shop/service-process.ts";

export type Simulators = {
  control: SimulatorsControl;
  accounts: Accounts;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts the simulators in a process with an empty ledger. */
export async function startSimulators(env: Record<string, string> = {}): Promise<Simulators> {
  const [alipay, wechatpay, stripe, control] = await freePorts(4);
  const directory = temporaryDirectory();
  const running = serviceProcess({
    service: "simulators",
    main: "simulators/providers/main.ts",
    logFile: join(directory, "simulators.log"),
    env: {
      ...process.env,
      SHOP_ENV: "test",
      SHOP_LOG_LEVEL: "warn",
      SHOP_SIMULATORS_ALIPAY_LISTEN: `127.0.0.1:${alipay}`,
      SHOP_SIMULATORS_WECHATPAY_LISTEN: `127.0.0.1:${wechatpay}`,
      SHOP_SIMULATORS_STRIPE_LISTEN: `127.0.0.1:${stripe}`,
      SHOP_SIMULATORS_CONTROL_LISTEN: `127.0.0.1:${control}`,
      SHOP_SIMULATORS_STORE: join(directory, "simulators.db"),
      SHOP_SIMULATORS_KEYS: join(directory, "keys"),
      ...env,
    },
  });
  await running.start();
  const client = simulatorsControl(`http://127.0.0.1:${control}`);
  return {
    control: client,
    accounts: await client.accounts(),
    async kill() {
      await running.end("SIGKILL");
    },
    start: () => running.start(),
    async stop() {
      const output = running.output();
      await running.end("SIGTERM");
      rmSync(directory, { recursive: true, force: true });
      if (/"level":"(error|fatal)"/.test(output)) throw new Error(output);
    },
  };
}

export type Callback = { atMs: number; path: string; headers: IncomingHttpHeaders; body: Buffer };

export type Shop = {
  url: string;
  callbacks: Callback[];
  /** Decides the answer to each callback from now on. */
  answer: (callback: Callback) => { status: number; body: string };
  /** Resolves with the first callback that fits, which may have come already. */
  next(fits: (callback: Callback) => boolean): Promise<Callback>;
  stop(): Promise<void>;
};

/** Starts a server that takes callbacks as they are, byte for byte. */
export async function startShop(success: { status: number; body: string }): Promise<Shop> {
  const callbacks: Callback[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { headers, url: path = "" } = request;
      const callback = { atMs: Date.now(), path, headers, body: Buffer.concat(chunks) };
      callbacks.push(callback);
      const { status, body } = shop.answer(callback);
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const shop: Shop = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callbacks,
    answer: () => success,
    async next(fits) {
      return until(() => callbacks.find(fits), "a callback");
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return shop;
}

/** Waits for a value. Fails after 10 seconds, naming what it waited for. */
export async function until<T>(
  value: () => T | undefined | Promise<T | undefined>,
  what: string,
): Promise<T> {
  const endMs = Date.now() + 10_000;
  for (;;) {
    const found = await value();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`${what} did not come within 10 s`);
    await pause(10);
  }
}

import { createServer } from "node:net";
import { SetupError } from "./setup-error.ts";

/** Offsets from SHOP_PORT_BASE; platform/settings has those of the services. */
const MYSQL_OFFSET = 6;
const NATS_OFFSET = 7;

const defaultBase = 50_050;
// The same bounds as in platform/settings/service-settings.ts.
const lowestBase = 1_024;
const highestBase = 65_000;

/** The ports of the private database and broker. */
export function shopPorts(env: NodeJS.ProcessEnv): { mysql: number; nats: number } {
  const text = env.SHOP_PORT_BASE || String(defaultBase);
  const base = Number(text);
  if (!/^[0-9]+$/.test(text) || base < lowestBase || base > highestBase) {
    throw new SetupError(
      `SHOP_PORT_BASE must be from ${lowestBase} to ${highestBase}, not "${text}"`,
    );
  }
  return { mysql: base + MYSQL_OFFSET, nats: base + NATS_OFFSET };
}

/** Whether nothing listens on this loopback port. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/** Throws a SetupError that names the port, its program and the remedy. */
export async function assertPortFree(port: number, name: string): Promise<void> {
  if (await isPortFree(port)) return;
  throw new SetupError(
    `port ${port} of ${name} is in use; end the program that listens there, or set SHOP_PORT_BASE`,
  );
}

// Below the range from which systems take the ports of outgoing connections: any client could take
// one of those before its server listens.
const lowest = 15_000;
const range = 15_000;

// Test files that run in parallel take ports from parts of their own. Otherwise one could take the
// port of another's server while that is being restarted.
const parts = 8;

/** Finds different loopback ports on which nothing listens. */
export async function freePorts(count: number): Promise<number[]> {
  const part = Number(process.env.MOCHA_WORKER_ID ?? parts - 1) % parts;
  const size = Math.floor(range / parts);
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < 100 + count; tries += 1) {
    const port = lowest + part * size + Math.floor(Math.random() * size);
    if (!found.has(port) && (await isPortFree(port))) found.add(port);
  }
  if (found.size < count) throw new SetupError(`there are no ${count} free ports on 127.0.0.1`);
  return [...found];
}

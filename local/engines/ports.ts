import { createServer } from "node:net";
import { SetupError } from "./setup-error.ts";

/** Offsets from SHOP_PORT_BASE; the services know their own from platform/settings. */
export type ShopPorts = { mysql: number; nats: number };

const defaultBase = 50_050;
// The same bounds as in platform/settings/common-settings.ts.
const lowestBase = 1_024;
const highestBase = 65_000;

/** The ports of the private database and broker. */
export function shopPorts(env: NodeJS.ProcessEnv): ShopPorts {
  const text = env.SHOP_PORT_BASE || String(defaultBase);
  const base = Number(text);
  if (!/^[0-9]+$/.test(text) || base < lowestBase || base > highestBase) {
    throw new SetupError(
      `SHOP_PORT_BASE is "${text}"; it must be from ${lowestBase} to ${highestBase}`,
    );
  }
  return { mysql: base + 6, nats: base + 7 };
}

/** True when nothing listens on this loopback port. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/** Says for whom the port was meant, and how to have another. */
export async function assertPortFree(port: number, name: string): Promise<void> {
  if (await isPortFree(port)) return;
  throw new SetupError(
    `port ${port} for ${name} is taken by another program; SHOP_PORT_BASE moves all ports`,
  );
}

// Below the range from which systems take the ports of outgoing connections: a port from there
// could be taken by any client between this look and the moment its server listens.
const lowest = 15_000;
const range = 15_000;

// Test files that run side by side have parts of the range of their own: a port whose server was killed and comes back
// must not be taken by another file's shop meanwhile.
const parts = 8;

/** Loopback ports that nothing listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const part = Number(process.env.MOCHA_WORKER_ID ?? parts - 1) % parts;
  const size = Math.floor(range / parts);
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < 100 + count; tries += 1) {
    const port = lowest + part * size + Math.floor(Math.random() * size);
    if (!found.has(port) && (await isPortFree(port))) found.add(port);
  }
  if (found.size < count) throw new SetupError("there are no free ports on 127.0.0.1");
  return [...found];
}

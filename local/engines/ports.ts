import { createServer } from "node:net";
import { ListenError } from "#platform/values/listen-error.ts";
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

/** Where a program will listen. */
export type Listen = { name: string; host: string; port: number };

/**
 * Checks that each program can listen on its address, and that no two have the same one. Throws
 * one SetupError with a line for each that cannot.
 */
export async function assertCanListen(listens: readonly Listen[]): Promise<void> {
  const failures: string[] = [];
  const owners = new Map<number, string>();
  for (const { name, host, port } of listens) {
    // With port 0, the system chooses one that is free.
    if (port === 0) continue;
    const owner = owners.get(port);
    owners.set(port, name);
    const failure =
      owner === undefined ? await listenFailure({ host, port }) : `${owner} has the same port`;
    if (failure !== undefined) failures.push(`${name}: ${failure}`);
  }
  if (failures.length === 0) return;
  const remedy = "set SHOP_PORT_BASE, or the SHOP_<PROGRAM>_LISTEN of the program";
  throw new SetupError(
    failures.length === 1 && failures[0] !== undefined
      ? `${failures[0]}; or ${remedy}`
      : [...failures.map((failure) => `\n  - ${failure}`), `\n${remedy}`].join(""),
  );
}

/** Why a server cannot listen on this address; `undefined` where it can. */
function listenFailure({ host, port }: Omit<Listen, "name">): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(new ListenError(`${host}:${port}`, error).message));
    server.listen({ port, host: host.replace(/^\[|\]$/g, ""), exclusive: true }, () => {
      server.close(() => resolve(undefined));
    });
  });
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

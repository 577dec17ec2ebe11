import { createServer, type Server } from "node:net";
import { freePorts, isPortFree } from "../../local/engines/ports.ts";

export { freePorts };

// Below the range of `freePorts` and of outgoing connections.
const LOWEST = 10_000;
const BLOCK = 50;
const BLOCKS = 100;

let block: Promise<number> | undefined;
let taken = 0;

/**
 * Loopback ports that belong to this process for as long as it lives, whether or not something
 * listens on them. A server that is killed and started again later finds its port free, even when
 * other systems run on this machine; a port of `freePorts` may be taken by then.
 */
export async function leasePorts(count: number): Promise<number[]> {
  block ??= leaseBlock();
  const first = await block;
  const found: number[] = [];
  for (let looks = 0; found.length < count; looks += 1) {
    if (looks === BLOCK) throw new Error(`all ${BLOCK - 1} ports of this process are in use`);
    // In rotation, so that the ports of a system that has just stopped are used last.
    const port = first + 1 + (taken++ % (BLOCK - 1));
    if (await isPortFree(port)) found.push(port);
  }
  return found;
}

/** Takes a block by listening on its first port, which the operating system frees at exit. */
async function leaseBlock(): Promise<number> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let index = 0; index < BLOCKS; index += 1) {
    const first = LOWEST + ((start + index) % BLOCKS) * BLOCK;
    const server = await listenOn(first);
    if (!server) continue;
    server.unref();
    return first;
  }
  throw new Error(`all ${BLOCKS} blocks of ports from ${LOWEST} are leased`);
}

function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}

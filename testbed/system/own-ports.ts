import { createServer, type Server } from "node:net";
import { isPortFree } from "../../local/engines/ports.ts";

// Below the range of the tests' own shops, and of outgoing connections.
const LOWEST = 10_000;
const BLOCK = 50;
const BLOCKS = 100;

let block: Promise<number> | undefined;
let taken = 0;

/**
 * Loopback ports that belong to this program as long as it lives, whether something listens on them or not: whoever is
 * killed and comes back later must not find its port with another system of the machine.
 */
export async function ownPorts(count: number): Promise<number[]> {
  block ??= leaseBlock();
  const first = await block;
  const found: number[] = [];
  for (let looks = 0; found.length < count; looks += 1) {
    if (looks === BLOCK) throw new Error("the ports of this program are all taken");
    // One after the other: those of a system that has just stopped come last.
    const port = first + 1 + (taken++ % (BLOCK - 1));
    if (await isPortFree(port)) found.push(port);
  }
  return found;
}

/** The first port of a block stands for the whole: who listens on it has the others, and loses them by its end. */
async function leaseBlock(): Promise<number> {
  const start = Math.floor(Math.random() * BLOCKS);
  for (let index = 0; index < BLOCKS; index += 1) {
    const first = LOWEST + ((start + index) % BLOCKS) * BLOCK;
    const server = await listenOn(first);
    if (!server) continue;
    server.unref();
    return first;
  }
  throw new Error("all ports of the fault suite are taken");
}

function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => resolve(server));
  });
}

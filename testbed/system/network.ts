import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { SetupError } from "../../local/engines/setup-error.ts";
import { runAfterExit } from "./after-exit.ts";

const command = promisify(execFile);
const WITHIN_MS = 20_000;
/** Addresses that are reserved for benchmarks (RFC 2544), and so are in no real network. */
const SUBNETS = "198.18";
const SUBNETS_AT_MOST = 200;
/**
 * Priority of the rule for local addresses. It comes first by default, where no rule could precede
 * it, and is moved here.
 */
const LOCAL_RULE = "100";
const BLOCK_RULE = "1";

/** A host of a network; a program with `prefix` before its command runs on it. */
export type Host = { name: string; address: string; prefix: string[] };

/** Hosts on this machine, each in a network namespace, and the machine itself as "outside". */
export type Network = {
  hosts: Host[];
  /** Drops packets from one host to another; the reverse direction is not affected. */
  block(from: string, to: string): Promise<void>;
  /** Removes all blocks. */
  mend(): Promise<void>;
  /** Tests whether packets of one host arrive at another. */
  arrives(from: string, to: string): Promise<boolean>;
  remove(): Promise<void>;
};

export const OUTSIDE = "outside";

/** Makes a network with hosts of these names. Needs "namespaces". */
export async function startNetwork(names: readonly string[]): Promise<Network> {
  const { bridge, subnet } = await makeBridge();
  const namespace = (index: number) => `${bridge}-${index + 1}`;
  const everything = [
    ...names.flatMap((_, index) => [
      `ip netns pids ${namespace(index)} | xargs -r kill -9`,
      `ip netns del ${namespace(index)}`,
    ]),
    `ip link del ${bridge}`,
  ];
  const guard = runAfterExit(everything.join("\n"));
  const remove = async () => {
    await shell(everything.join("; ")).catch(() => {});
    guard.forget();
  };
  const outside: Host = { name: OUTSIDE, address: `${subnet}.1`, prefix: [] };
  try {
    await ip(`addr add ${outside.address}/24 dev ${bridge}`);
    await ip(`link set ${bridge} up`);
    const hosts: Host[] = [];
    for (const [index, name] of names.entries()) {
      const address = `${subnet}.${11 + index}`;
      await addHost({ bridge, namespace: namespace(index), index, address });
      hosts.push({ name, address, prefix: ["ip", "netns", "exec", namespace(index)] });
    }
    return { hosts, remove, ...blocks([outside, ...hosts]) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Makes a bridge; its name keeps two runs from using the same addresses. */
async function makeBridge(): Promise<{ bridge: string; subnet: string }> {
  let failure: unknown;
  for (let number = 0; number < SUBNETS_AT_MOST; number += 1) {
    const bridge = `jsfault${number}`;
    try {
      await ip(`link add ${bridge} type bridge`);
      return { bridge, subnet: `${SUBNETS}.${number}` };
    } catch (error) {
      failure = error;
      if (!/File exists/.test((error as Error).message)) break;
    }
  }
  throw failure;
}

async function addHost(host: {
  bridge: string;
  namespace: string;
  index: number;
  address: string;
}): Promise<void> {
  const { bridge, namespace, index, address } = host;
  const outer = `${bridge}v${index + 1}`;
  await ip(`netns add ${namespace}`);
  await ip(`link add ${outer} type veth peer name eth0 netns ${namespace}`);
  await ip(`link set ${outer} master ${bridge}`);
  await ip(`link set ${outer} up`);
  const inside = `-n ${namespace}`;
  await ip(`${inside} link set lo up`);
  await ip(`${inside} addr add ${address}/24 dev eth0`);
  await ip(`${inside} link set eth0 up`);
  await ip(`${inside} rule add pref ${LOCAL_RULE} lookup local`);
  await ip(`${inside} rule del pref 0`);
}

type Block = { namespace: string; address: string };

/**
 * Blocks apply at the receiving host, which must be in a namespace: the rules of the machine itself
 * are not changed.
 */
function blocks(all: readonly Host[]): Pick<Network, "block" | "mend" | "arrives"> {
  const host = (name: string) => {
    const found = all.find((one) => one.name === name);
    if (!found) throw new Error(`the network has no host ${name}`);
    return found;
  };
  const blocked = new Map<string, Block>();
  const rule = (verb: "add" | "del", { namespace, address }: Block) =>
    ip(`-n ${namespace} rule ${verb} pref ${BLOCK_RULE} from ${address} blackhole`);
  return {
    async block(from, to) {
      const key = `${from} ${to}`;
      const namespace = host(to).prefix.at(-1);
      if (namespace === undefined)
        throw new Error(`packets to ${OUTSIDE} cannot be blocked, only packets from it`);
      if (blocked.has(key)) return;
      const entry = { namespace, address: host(from).address };
      blocked.set(key, entry);
      await rule("add", entry);
    },
    async mend() {
      for (const [key, entry] of blocked) {
        await rule("del", entry);
        blocked.delete(key);
      }
    },
    arrives: (from, to) => arrives(host(from), host(to)),
  };
}

const PORT = 9_999;
const TRIES = 5;
const TRY_EVERY_MS = 200;
const RECEIVER = `const s = require("dgram").createSocket("udp4");
s.on("message", (m) => { if (String(m) === process.argv[3]) { console.log("here"); process.exit(); } });
s.bind(+process.argv[1], process.argv[2], () => console.log("ready"));
setTimeout(() => process.exit(), +process.argv[4]);`;
const SENDER = `const s = require("dgram").createSocket("udp4");
s.bind(0, process.argv[4], () => s.send(process.argv[3], +process.argv[1], process.argv[2], () => process.exit()));`;

async function arrives(from: Host, to: Host): Promise<boolean> {
  const message = `${from.name} ${to.name} ${Date.now()}`;
  const node = (at: Host, ...args: string[]) => {
    const [program = "", ...rest] = [...at.prefix, process.execPath, "-e", ...args];
    return command(program, rest, { timeout: WITHIN_MS });
  };
  const waitMs = 2 * TRIES * TRY_EVERY_MS + 2_000;
  const receiving = node(to, RECEIVER, String(PORT), to.address, message, String(waitMs));
  let arrived = false;
  const ended = receiving.then(({ stdout }) => {
    arrived = stdout.includes("here");
  });
  for (let tries = 0; tries < TRIES && !arrived; tries += 1) {
    await Promise.race([pause(TRY_EVERY_MS), ended]);
    await node(from, SENDER, String(PORT), to.address, message, from.address);
  }
  await ended;
  return arrived;
}

async function ip(words: string): Promise<void> {
  await shell(`ip ${words}`);
}

async function shell(line: string): Promise<void> {
  await command("/bin/sh", ["-c", line], { timeout: WITHIN_MS }).catch((error: Error) => {
    throw new SetupError(error.message.trim());
  });
}

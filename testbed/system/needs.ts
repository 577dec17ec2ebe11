import { existsSync } from "node:fs";
import { run } from "../../local/engines/commands.ts";

/** Something that not every machine can do. */
export type Need = "linux" | "root" | "namespaces" | "loop" | "mount" | "faketime" | "prlimit";

const WITHIN_MS = 10_000;
/** Where Debian and other distributions install it. */
const FAKETIME_LIBRARIES = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/faketime/libfaketimeMT.so.1",
  "/usr/lib64/faketime/libfaketimeMT.so.1",
];

/** The library that SHOP_FAKETIME_LIBRARY or the system provides; undefined without one. */
export function faketimeLibrary(): string | undefined {
  const named = process.env.SHOP_FAKETIME_LIBRARY;
  return [...(named ? [named] : []), ...FAKETIME_LIBRARIES].find((path) => existsSync(path));
}

const isRoot = () => process.getuid?.() === 0;

/** For each need: undefined if this machine meets it, or why it does not. */
const LOOKS: Record<Need, () => Promise<string | undefined>> = {
  linux: async () => (process.platform === "linux" ? undefined : "this is not Linux"),
  root: async () => (isRoot() ? undefined : "needs root"),
  namespaces: async () =>
    isRoot() && (await works("unshare", ["--net", "ip", "link"]))
      ? undefined
      : "needs root, iproute2 and the right to make network namespaces",
  loop: async () =>
    isRoot() && (await works("losetup", ["--find"])) ? undefined : "needs root and a loop device",
  mount: async () =>
    isRoot() && (await works("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]))
      ? undefined
      : "needs root and the right to mount",
  prlimit: async () =>
    (await works("prlimit", ["--version"])) ? undefined : "needs prlimit of util-linux",
  faketime: async () => (faketimeLibrary() ? undefined : "needs libfaketime"),
};

const known = new Map<Need, Promise<string | undefined>>();

/** Why this machine does not meet the needs; undefined when it meets all. */
export async function unmetNeed(needs: readonly Need[] = []): Promise<string | undefined> {
  for (const need of needs) {
    const look = known.get(need) ?? LOOKS[need]();
    known.set(need, look);
    const why = await look;
    if (why !== undefined) return why;
  }
  return undefined;
}

async function works(command: string, args: string[]): Promise<boolean> {
  const done = await run(command, args, { timeoutMs: WITHIN_MS, env: process.env });
  return done.code === 0;
}

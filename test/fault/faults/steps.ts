// What several faults do: find parts of the system, break them, and return what heals them.

import { closeSync, openSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { EdgeProxy } from "../../../testbed/proxy/proxy.ts";
import type { Disk } from "../../../testbed/system/disk.ts";
import { isService } from "../../../testbed/system/parts.ts";
import type { Program } from "../../../testbed/system/programs.ts";
import type { System, Topology } from "../../../testbed/system/system.ts";
import type { FaultContext, Heal, Prepared } from "../fault.ts";

/** The processes of the five services, without gateway and sandbox. */
export function servicesOf({ programs }: Pick<System, "programs">): Program[] {
  return programs.filter(({ kind }) => isService(kind));
}

/** The edges from the services to all brokers. */
export function brokerEdges({ brokers, edges }: Pick<System, "brokers" | "edges">): EdgeProxy[] {
  return brokers.nodes.flatMap(({ name }) => edges.select({ to: name }));
}

/** Heals edges. */
export function mending(edges: readonly EdgeProxy[]): Heal {
  return async () => {
    for (const edge of edges) edge.mend();
  };
}

/** Removes the filters of edges; modes that other faults have set remain. */
export function unfiltering(edges: readonly EdgeProxy[]): Heal {
  return async () => {
    for (const edge of edges) edge.filter(undefined);
  };
}

/** An engine or a program of the system. */
type Part = { name: string; signal(name: NodeJS.Signals): void };

/** Stops parts with SIGSTOP; they continue when healed. */
export function freeze(parts: readonly Part[], log: FaultContext["log"]): Heal {
  log(`pauses ${namesOf(parts)}`);
  for (const part of parts) part.signal("SIGSTOP");
  return async () => {
    for (const part of parts) part.signal("SIGCONT");
  };
}

/** Kills an engine with SIGKILL; it starts again when healed. */
export async function kill(
  engine: { name: string; kill(): Promise<void>; start(): Promise<void> },
  log: FaultContext["log"],
): Promise<Heal> {
  log(`kills ${engine.name}`);
  await engine.kill();
  return () => engine.start();
}

/**
 * Restarts programs one after the other: ends each by `signal`, and starts it with these settings.
 */
export async function restartEach(
  programs: readonly Program[],
  { signal = "SIGTERM", env = {} }: { signal?: NodeJS.Signals; env?: Record<string, string> } = {},
): Promise<void> {
  for (const program of programs) {
    await program.end(signal);
    await program.start(env);
  }
}

export function namesOf(parts: readonly { name: string }[]): string {
  return parts.map(({ name }) => name).join(", ");
}

/** Resolves after this time, or at once when the run is aborted. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}

/** Prepares a system whose database or broker keeps its data on a disk of its own. */
export function onOwnDisk(
  make: () => Promise<Disk>,
  directory: "databaseDirectory" | "brokerDirectory",
): () => Promise<Prepared> {
  return async () => {
    const disk = await make();
    const topology: Topology = { [directory]: disk.directory };
    return { topology, remove: () => disk.remove() };
  };
}

const PIECES = [64 * 1024, 1];

/** Writes a file that takes all the space that is left on its file system. */
export function fillDisk(file: string): void {
  const handle = openSync(file, "w");
  try {
    for (const piece of PIECES) writeUntilFull(handle, Buffer.alloc(piece, 1));
  } finally {
    closeSync(handle);
  }
}

function writeUntilFull(handle: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(handle, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

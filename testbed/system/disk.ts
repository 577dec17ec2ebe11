import { execFile } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SetupError } from "../../local/engines/setup-error.ts";
import { killProcessesNaming, runAfterExit } from "./after-exit.ts";
import type { Engine } from "./engine.ts";

const command = promisify(execFile);
const WITHIN_MS = 60_000;
const COPIES_AT_MOST = 20;
/** Not the prefix of the systems' directories, which are swept by other rules. */
const PREFIX = "jetshop-disk-";

/** A file system for one engine, mounted at `directory`. */
export type Disk = { directory: string; remove(): Promise<void> };

/** A disk whose power can be cut. */
export type LoopDisk = Disk & {
  /** Writes everything so far to the device. */
  sync(): Promise<void>;
  /**
   * Cuts the power of an engine that keeps its data here: kills it and discards what has not
   * reached the device. The engine stays down; the disk is mounted again.
   */
  cutPower(engine: Engine): Promise<void>;
};

/** A disk that can be filled. */
export type SmallDisk = Disk & { resize(megabytes: number): Promise<void> };

const disks = new Map<string, Disk>();

/** The disk of an engine; throws when it has none of its own. */
export function diskOf<D extends Disk>({ name, dataDirectory }: Engine): D {
  const disk = disks.get(dataDirectory);
  if (!disk) throw new Error(`${name} has no disk of its own`);
  return disk as D;
}

/**
 * An ext4 file system in an image in memory, behind a loop device: the image holds what a disk
 * would hold, without what is only in the page cache. Needs "loop" and "mount".
 */
export async function loopDisk(megabytes: number): Promise<LoopDisk> {
  const memory = await tmpfs(2 * megabytes + 16);
  const { directory: home } = memory;
  const image = join(home, "disk");
  const copy = join(home, "copy");
  const directory = join(home, "mounted");
  const mount = () => run("mount", "-o", "loop,errors=remount-ro", image, directory);
  await run("mkdir", directory);
  await run("truncate", "-s", `${megabytes}M`, image);
  await run("mkfs.ext4", "-q", "-F", image);
  try {
    await mount();
  } catch (error) {
    await memory.remove();
    throw error;
  }
  const disk: LoopDisk = {
    directory,
    sync: () => run("sync", "--file-system", directory),
    async cutPower(engine) {
      // Stopped, so that the engine acknowledges nothing between the copy and its end.
      engine.signal("SIGSTOP");
      await copyOfOneMoment(image, copy);
      // Killed while it is stopped: `kill` resumes it first, and it could acknowledge another
      // commit.
      engine.signal("SIGKILL");
      await engine.kill();
      await run("umount", directory);
      await run("mv", copy, image);
      await mount();
    },
    async remove() {
      disks.delete(directory);
      await run("umount", directory).catch(() => run("umount", "--lazy", directory));
      await memory.remove();
    },
  };
  disks.set(directory, disk);
  return disk;
}

/**
 * Copies the image at one moment: a copy that differs from the image afterwards mixes states that
 * no disk ever had, because the kernel writes blocks back meanwhile.
 */
async function copyOfOneMoment(image: string, copy: string): Promise<void> {
  for (let tries = 0; tries < COPIES_AT_MOST; tries += 1) {
    await run("cp", "--sparse=always", image, copy);
    const same = await run("cmp", "--silent", image, copy).then(
      () => true,
      () => false,
    );
    if (same) return;
  }
  throw new Error(`the disk's image changed during each of ${COPIES_AT_MOST} copies`);
}

/** A file system in memory whose size can be changed. Needs "mount". */
export async function smallDisk(megabytes: number): Promise<SmallDisk> {
  const disk = await tmpfs(megabytes);
  const { directory } = disk;
  const small = {
    ...disk,
    resize: (size: number) => run("mount", "-o", `remount,size=${size}m`, directory),
  };
  disks.set(directory, small);
  return small;
}

async function tmpfs(megabytes: number): Promise<Disk> {
  const directory = mkdtempSync(join(tmpdir(), PREFIX));
  try {
    await run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "none", directory);
  } catch (error) {
    rmdirSync(directory);
    throw error;
  }
  const mounted = join(directory, "mounted");
  const guard = runAfterExit(
    `${killProcessesNaming(directory)}\numount -l ${mounted}\numount -l ${directory}\nrmdir ${directory}`,
  );
  return {
    directory,
    async remove() {
      disks.delete(directory);
      await run("umount", directory).catch(() => run("umount", "--lazy", directory));
      rmSync(directory, { recursive: true, force: true });
      guard.forget();
    },
  };
}

async function run(program: string, ...args: string[]): Promise<void> {
  await command(program, args, { timeout: WITHIN_MS }).catch((error: Error) => {
    throw new SetupError(error.message.trim());
  });
}

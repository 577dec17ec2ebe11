import { execFile } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SetupError } from "../../local/engines/setup-error.ts";
import type { Engine } from "./engine.ts";
import { killsWhoNames, whenGone } from "./when-gone.ts";

const command = promisify(execFile);
const WITHIN_MS = 60_000;
const COPIES_AT_MOST = 20;
/** Not the prefix of the systems' directories: those are swept by rules of their own. */
const PREFIX = "jetshop-disk-";

/** A file system that is an engine's alone: its `directory` is where it is mounted. */
export type Disk = { directory: string; remove(): Promise<void> };

/** One whose power can be cut. */
export type LoopDisk = Disk & {
  /** Everything written so far reaches the device. */
  sync(): Promise<void>;
  /**
   * Cuts the power of an engine that keeps its data here: it is killed, and what had not reached the device by then is
   * gone. It stays down; the disk is mounted again.
   */
  cutPower(engine: Engine): Promise<void>;
};

/** One that can be full. */
export type SmallDisk = Disk & { resize(megabytes: number): Promise<void> };

const disks = new Map<string, Disk>();

/** The disk on which an engine keeps its data; throws where it has none of its own. */
export function diskOf<D extends Disk>({ name, dataDirectory }: Engine): D {
  const disk = disks.get(dataDirectory);
  if (!disk) throw new Error(`${name} has no disk of its own`);
  return disk as D;
}

/**
 * An ext4 file system in an image in memory, behind a loop device: the image holds what a disk would, without what is
 * only in the page cache. Needs "loop" and "mount".
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
      // Stopped: nothing is promised between the copy and the end.
      engine.signal("SIGSTOP");
      await copyOfOneMoment(image, copy);
      // Killed as it stands: `kill` lets it go on first, which is enough to acknowledge another commit.
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
 * Blocks that the kernel wrote back while it was copied would make a state that no disk ever had: an image is what was
 * there at one moment only if nothing differs when the copy is done.
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
  throw new Error("the image of the disk never stands still");
}

/** A file system in memory of a size that can be changed. Needs "mount". */
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
  const guard = whenGone(
    `${killsWhoNames(directory)}\numount -l ${mounted}\numount -l ${directory}\nrmdir ${directory}`,
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

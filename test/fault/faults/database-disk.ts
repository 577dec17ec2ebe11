import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  diskOf,
  type LoopDisk,
  loopDisk,
  type SmallDisk,
  smallDisk,
} from "../../../testbed/system/disk.ts";
import { atTheDatabase, meanwhile } from "../../../testbed/system/side-session.ts";
import type { Fault, ScriptContext } from "../fault.ts";
import { fillDisk, onOwnDisk } from "./steps.ts";

const IMAGE_MB = 640;
const CUTS = 20;
const CUTS_BETWEEN_JUDGEMENTS = 5;
const UNSYNCED = "never-synced";

const onLoopDisk = onOwnDisk(() => loopDisk(IMAGE_MB), "databaseDirectory");

/**
 * Tests that a commit which the database acknowledged is on the disk. A file that is never synced
 * is written before each cut: if it always survived, the cuts would prove nothing.
 */
export const powerCutDatabase: Fault = {
  name: "power-cut-database",
  catalogue: ["F22"],
  what: `${CUTS} power cuts of the database at random moments, some during its recovery`,
  needs: ["linux", "root", "mount", "loop"],
  prepare: onLoopDisk,
  async run({ system, random, load, log, signal, injected, judge }) {
    const { database } = system;
    const disk = diskOf<LoopDisk>(database);
    // Files from before the load, such as the password's, are not under test.
    await disk.sync();
    let forgotten = 0;
    for (let cut = 1; cut <= CUTS && !signal.aborted; cut += 1) {
      await load?.acknowledged(random.between(3, 25));
      await pause(random.between(0, 400));
      const unsynced = join(disk.directory, UNSYNCED);
      writeFileSync(unsynced, String(cut).repeat(10_000));
      await disk.cutPower(database);
      injected();
      if (existsSync(unsynced)) await disk.sync();
      else forgotten += 1;
      if (random.chance(0.25)) {
        const starting = database.start().catch(() => {});
        await pause(random.between(50, 1_500));
        await disk.cutPower(database);
        injected();
        await starting;
      }
      await database.start();
      if (cut % CUTS_BETWEEN_JUDGEMENTS === 0 && cut < CUTS) await judge(`${cut} power cuts`);
    }
    log(`${forgotten} cuts discarded the unsynced file`);
    if (forgotten === 0 && !signal.aborted)
      throw new Error("no cut discarded the unsynced file: these were no power cuts");
  },
};

const SMALL_MB = 420;
const FULL_FOR_MS = [3_000, 12_000] as const;

const onSmallDisk = onOwnDisk(() => smallDisk(SMALL_MB), "databaseDirectory");

/** Inserts rows beside the shop's, so that the database soon needs space that is not there. */
function filling({ system }: ScriptContext) {
  const table = `${system.namespace}_filler.filler`;
  return meanwhile(system, async (session) => {
    await session.run(`create database if not exists ${system.namespace}_filler`);
    await session.run(`create table if not exists ${table} (id int primary key auto_increment,
      text longblob) engine=InnoDB`);
    await session.run(`insert into ${table} (text) values (repeat('x', 1000000))`);
  });
}

export const diskFullDatabase: Fault = {
  name: "disk-full-database",
  catalogue: ["F23"],
  what: "the disk of the database is full for a while; then it has space again, and the database is restarted",
  needs: ["linux", "root", "mount"],
  prepare: onSmallDisk,
  async run(context) {
    const { system, random, load, log, injected } = context;
    const { database } = system;
    const disk = diskOf<SmallDisk>(database);
    const pid = database.pid();
    const filler = join(disk.directory, "filler");
    const rows = filling(context);
    fillDisk(filler);
    log("the disk is full");
    injected();
    await pause(random.between(...FULL_FOR_MS));
    rmSync(filler);
    await rows.stop();
    log(database.pid() === pid ? "the database refused writes" : "the database ended");
    // In both cases an operator frees space and restarts it.
    await database.kill();
    await database.start();
    await atTheDatabase(system, (session) =>
      session.run(`drop database if exists ${system.namespace}_filler`),
    );
    await load?.acknowledged(10);
  },
};

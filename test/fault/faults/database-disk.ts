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
 * The database says that a commit is on the disk; here the disk is asked. A file that nobody synced is written before
 * each cut: were it always there afterwards, the cuts would prove nothing.
 */
export const powerCutDatabase: Fault = {
  name: "power-cut-database",
  catalogue: ["F22"],
  what: `${CUTS} power cuts of the database under load, at random moments, some during its recovery`,
  needs: ["linux", "root", "mount", "loop"],
  prepare: onLoopDisk,
  async run({ system, random, load, log, signal, injected, judge }) {
    const { database } = system;
    const disk = diskOf<LoopDisk>(database);
    // What was made before the load, such as the password's file, is not what is tested.
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
    log(`${forgotten} cuts took what had not been synced`);
    if (forgotten === 0 && !signal.aborted) throw new Error("the cuts took nothing: no power cuts");
  },
};

const SMALL_MB = 420;
const FULL_FOR_MS = [3_000, 12_000] as const;

const onSmallDisk = onOwnDisk(() => smallDisk(SMALL_MB), "databaseDirectory");

/** Rows that are none of the shop's, so that the database soon needs room that is not there. */
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
  what: "the disk of the database is full for a while; then it has room again, and the database is started anew",
  needs: ["linux", "root", "mount"],
  prepare: onSmallDisk,
  async run(course) {
    const { system, random, load, log, injected } = course;
    const { database } = system;
    const disk = diskOf<SmallDisk>(database);
    const pid = database.pid();
    const filler = join(disk.directory, "filler");
    const rows = filling(course);
    fillDisk(filler);
    log("the disk is full");
    injected();
    await pause(random.between(...FULL_FOR_MS));
    rmSync(filler);
    await rows.stop();
    log(database.pid() === pid ? "the database refused" : "the database died of it");
    // Either way somebody makes room and starts it again.
    await database.kill();
    await database.start();
    await atTheDatabase(system, (session) =>
      session.run(`drop database if exists ${system.namespace}_filler`),
    );
    await load?.acknowledged(10);
  },
};

import type { Fault } from "../fault.ts";
import { databaseClock, serviceClocks } from "./database-clock.ts";
import { diskFullDatabase, powerCutDatabase } from "./database-disk.ts";
import { deadlockStorm, lockWait, snapshotConflict } from "./database-locks.ts";
import { lostCommits } from "./database-replies.ts";
import { restoredSchema } from "./database-restore.ts";
import {
  connectionsUsedUp,
  freezeDatabase,
  killConnections,
  readOnlyDatabase,
} from "./database-server.ts";

/** Faults of the database, and of clocks. */
export const DATABASE_FAULTS: readonly Fault[] = [
  powerCutDatabase,
  diskFullDatabase,
  lostCommits,
  deadlockStorm,
  lockWait,
  snapshotConflict,
  freezeDatabase,
  connectionsUsedUp,
  killConnections,
  readOnlyDatabase,
  databaseClock,
  serviceClocks,
  restoredSchema,
];

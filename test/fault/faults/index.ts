import type { Fault } from "../fault.ts";
import { DATABASE_FAULTS } from "./database.ts";
import { killBroker, killDatabase, killService } from "./kill.ts";

/** All faults, in the order in which they are listed and run. */
export const FAULTS: readonly Fault[] = [killService, killBroker, killDatabase, ...DATABASE_FAULTS];

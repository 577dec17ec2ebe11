import type { Fault } from "../fault.ts";
import { BROKER_FAULTS } from "./broker.ts";
import { DATABASE_FAULTS } from "./database.ts";
import { killBroker, killDatabase, killService } from "./kill.ts";
import { NETWORK_FAULTS } from "./network.ts";
import { PROCESS_FAULTS } from "./process.ts";

/** All faults in the order of the list. */
export const FAULTS: readonly Fault[] = [
  killService,
  killBroker,
  killDatabase,
  ...BROKER_FAULTS,
  ...DATABASE_FAULTS,
  ...PROCESS_FAULTS,
  ...NETWORK_FAULTS,
];

import type { Fault } from "../fault.ts";
import { goawayStorm } from "./network-goaway.ts";
import { packetSweep } from "./network-packets.ts";
import { blackHole, oneWayLoss, resetStorm, slowWays } from "./network-ways.ts";

/** What can become of the ways between the parts. */
export const NETWORK_FAULTS: readonly Fault[] = [
  packetSweep,
  blackHole,
  oneWayLoss,
  slowWays,
  resetStorm,
  goawayStorm,
];

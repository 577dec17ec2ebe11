import type { Fault } from "../fault.ts";
import { goawayStorm } from "./network-goaway.ts";
import { packetSweep } from "./network-packets.ts";
import { callbackFirst, paidLate, thunderingExpiry } from "./network-payments.ts";
import { platformAnswers, platformCallbacks, platformRestarts } from "./network-platform.ts";
import { blackHole, oneWayLoss, resetStorm, slowWays } from "./network-ways.ts";

/** What can become of the ways between the parts. */
export const NETWORK_FAULTS: readonly Fault[] = [
  packetSweep,
  blackHole,
  oneWayLoss,
  slowWays,
  resetStorm,
  goawayStorm,
  platformCallbacks,
  platformAnswers,
  platformRestarts,
  callbackFirst,
  thunderingExpiry,
  paidLate,
];

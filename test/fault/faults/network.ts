import type { Fault } from "../fault.ts";
import { goawayStorm } from "./network-goaway.ts";
import { packetSweep } from "./network-packets.ts";
import { callbackFirst, paidLate, thunderingExpiry } from "./network-payments.ts";
import {
  providerAnswers,
  providerCallbacks,
  providerRefunds,
  providerRestarts,
} from "./network-provider.ts";
import { blackHole, oneWayLoss, resetStorm, slowWays } from "./network-ways.ts";

/** Faults of the edges between the parts, and of the payment provider. */
export const NETWORK_FAULTS: readonly Fault[] = [
  packetSweep,
  blackHole,
  oneWayLoss,
  slowWays,
  resetStorm,
  goawayStorm,
  providerCallbacks,
  providerAnswers,
  providerRefunds,
  providerRestarts,
  callbackFirst,
  thunderingExpiry,
  paidLate,
];

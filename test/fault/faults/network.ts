import type { Fault } from "../fault.ts";
import { goawayStorm } from "./network-goaway.ts";
import { packetSweep } from "./network-packets.ts";
import { callbackFirst, paidLate, thunderingExpiry } from "./network-payments.ts";
import { blackHole, oneWayLoss, resetStorm, slowWays } from "./network-ways.ts";
import {
  providerAnswers,
  providerCallbacks,
  providerPayments,
  providerRefunds,
  providerRestarts,
} from "./provider.ts";

/** Faults of the edges between the parts, and of the payment providers. */
export const NETWORK_FAULTS: readonly Fault[] = [
  packetSweep,
  blackHole,
  oneWayLoss,
  slowWays,
  resetStorm,
  goawayStorm,
  providerCallbacks,
  providerAnswers,
  providerPayments,
  providerRefunds,
  providerRestarts,
  callbackFirst,
  thunderingExpiry,
  paidLate,
];

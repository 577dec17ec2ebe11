import type { Fault } from "../fault.ts";
import { packetSweep } from "./network-packets.ts";

/** What can become of the ways between the parts. */
export const NETWORK_FAULTS: readonly Fault[] = [packetSweep];

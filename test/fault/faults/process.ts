import type { Fault } from "../fault.ts";
import { crashMatrix } from "./process-crash.ts";

/** What can become of the processes of the shop. */
export const PROCESS_FAULTS: readonly Fault[] = [crashMatrix];

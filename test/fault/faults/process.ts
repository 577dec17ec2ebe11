import type { Fault } from "../fault.ts";
import { crashMatrix, providerCrash } from "./process-crash.ts";
import { fewFiles, outOfMemory } from "./process-limits.ts";
import { blockEventLoop, pauseProcess, pauseService } from "./process-pause.ts";
import { allServicesDie, rollingRestart } from "./process-restart.ts";
import { twoVersions } from "./process-versions.ts";

/** Faults of the shop's processes. */
export const PROCESS_FAULTS: readonly Fault[] = [
  crashMatrix,
  providerCrash,
  pauseProcess,
  pauseService,
  blockEventLoop,
  allServicesDie,
  rollingRestart,
  outOfMemory,
  fewFiles,
  twoVersions,
];

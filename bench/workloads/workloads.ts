import type { WorkloadName } from "../load/messages.ts";
import { mixed } from "./mixed.ts";
import { callback, pay } from "./paying.ts";
import { flash, hot, place, retail } from "./placing.ts";
import type { Workload } from "./stage.ts";

export const workloads: Record<WorkloadName, Workload> = {
  place,
  hot,
  flash,
  pay,
  callback,
  retail,
  mixed,
};
